/** What a worker learns from its master at its start, by way of environment variables. */
export const JOINING = {
  /** Descriptor of the socket to the hub. */
  hubFd: "ELPIS_HUB_FD",
  ready: "ELPIS_READY",
  stopTimeoutMs: "ELPIS_STOP_TIMEOUT_MS",
  readyTimeoutMs: "ELPIS_READY_TIMEOUT_MS",
  /** How often it says that it is well; 0: never. */
  heartbeatMs: "ELPIS_HEARTBEAT_MS",
  uncaught: "ELPIS_UNCAUGHT",
  /** Only when it has plugins or services that its configuration has to be read for. */
  configFile: "ELPIS_CONFIG_FILE",
  /** How the master has read it, as JSON. */
  configReading: "ELPIS_CONFIG_READING",
  /** Only when it goes on without its master: who it is to the next one. */
  returning: "ELPIS_RETURNING",
} as const;

/** What stays in the environment, for the application to read. */
export const IDENTITY = {
  app: "ELPIS_APP",
  name: "ELPIS_PROCESS_NAME",
  index: "ELPIS_PROCESS_INDEX",
} as const;

/** What a person may set. */
export const VARIABLES = {
  /** Configurations below that of the application, separated as in PATH. */
  sources: "ELPIS_CONFIG",
} as const;
