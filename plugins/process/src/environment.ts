/** What a worker learns from its master at its start, by way of environment variables. */
export const JOINING = {
  /** Descriptor of the socket to the hub. */
  hubFd: "ELPIS_HUB_FD",
  ready: "ELPIS_READY",
  stopTimeoutMs: "ELPIS_STOP_TIMEOUT_MS",
  /** Only when the configuration has plugins. */
  configFile: "ELPIS_CONFIG_FILE",
} as const;

/** What stays in the environment, for the application to read. */
export const IDENTITY = {
  app: "ELPIS_APP",
  name: "ELPIS_PROCESS_NAME",
  index: "ELPIS_PROCESS_INDEX",
} as const;
