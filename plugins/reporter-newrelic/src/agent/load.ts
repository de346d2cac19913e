import { ElpisError } from "@elpis/api";

/** What New Relic's agent adds up for one name. */
export interface AgentFigures {
  count: number;
  total: number;
  min: number;
  max: number;
  sumOfSquares: number;
}

/** The part of the API of `newrelic` that is used. */
export interface AgentApi {
  /** Absent in what is handed out when the agent does not run. */
  readonly agent?: object;
  recordMetric(name: string, value: AgentFigures): void;
  incrementMetric(name: string, value: number): void;
  recordCustomEvent(type: string, attributes: object): unknown;
  noticeError(error: Error, attributes: object): unknown;
  shutdown(options: object, done: (error?: Error) => void): void;
}

/** It cannot be started again in the same process. */
const ended = new WeakSet<AgentApi>();

/** Says that an agent has been ended. */
export function markEnded(api: AgentApi): void {
  ended.add(api);
}

/** In a variable, since a bundler must leave it where it is: it changes modules while they are loaded. */
const PACKAGE: string = "newrelic";

interface Manifest {
  readonly version?: string;
  readonly engines?: { readonly node?: string };
}

/**
 * Loads the agent, which starts it where it has not been.
 *
 * @throws ELPIS_NEWRELIC_AGENT_MISSING when it is not installed
 * @throws ELPIS_NEWRELIC_AGENT_NODE when it does not run on this Node.js
 * @throws ELPIS_NEWRELIC_AGENT_OFF when it does not run for another reason, or has been ended in this process
 */
export async function loadAgent(): Promise<AgentApi> {
  const manifest = await readManifest();
  // Asked first: the agent itself would print a stack trace, and hand out something that does nothing.
  checkNode(manifest, process.versions.node);
  const api = ((await import(PACKAGE)) as { default: AgentApi }).default;
  if (api.agent === undefined) {
    throw new ElpisError(
      "ELPIS_NEWRELIC_AGENT_OFF",
      `newrelic ${manifest.version} is loaded, but does not run: it needs NEW_RELIC_LICENSE_KEY and NEW_RELIC_APP_NAME, or a newrelic.cjs, and must not be disabled`,
      { details: { version: manifest.version } },
    );
  }
  checkRunning(api);
  return api;
}

/** @throws ELPIS_NEWRELIC_AGENT_OFF when it has been ended */
export function checkRunning(api: AgentApi): void {
  if (!ended.has(api)) return;
  throw new ElpisError(
    "ELPIS_NEWRELIC_AGENT_OFF",
    "the agent of New Relic has been ended in this process and cannot be started again; start the process again, or use `shutdown: false`",
  );
}

async function readManifest(): Promise<Manifest> {
  try {
    const { createRequire } = await import("node:module");
    return createRequire(import.meta.url)(`${PACKAGE}/package.json`) as Manifest;
  } catch (cause) {
    throw new ElpisError(
      "ELPIS_NEWRELIC_AGENT_MISSING",
      "newrelic is not installed; `npm install newrelic` adds it (13.20 or newer; 14 needs Node.js 22)",
      { cause },
    );
  }
}

/** @throws ELPIS_NEWRELIC_AGENT_NODE when the manifest asks for a newer Node.js than `running` */
export function checkNode({ version, engines }: Manifest, running: string): void {
  const needed = engines?.node ?? "";
  const [, major = "0", minor = "0"] = /^>=\s*(\d+)(?:\.(\d+))?/.exec(needed) ?? [];
  const [runningMajor = 0, runningMinor = 0] = running.split(".").map(Number);
  const isOld =
    runningMajor < Number(major) ||
    (runningMajor === Number(major) && runningMinor < Number(minor));
  if (!isOld) return;
  throw new ElpisError(
    "ELPIS_NEWRELIC_AGENT_NODE",
    `newrelic ${version} needs Node.js ${needed} and does nothing on ${running}; install newrelic@13 or a newer Node.js`,
    { details: { version, needed, running } },
  );
}
