import { groupByName } from "../output/summary.ts";
import type { MasterStatus } from "../preset.ts";

/** How the service manager that started us wants to hear of us. */
export interface NotifyRequest {
  /** Path of its socket, or an abstract name that begins with `@`. */
  readonly socket: string;
  /** How often it wants to hear that all is well; undefined: not at all. */
  readonly watchdogMs?: number;
}

/**
 * What the variables ask for; undefined when nobody wants to hear. A watchdog that is meant for another process is not
 * ours, unless that one is our parent: a launcher such as npx, which does not know of it.
 */
export function notifyRequest(
  env: NodeJS.ProcessEnv,
  own: { readonly pid: number; readonly ppid: number },
): NotifyRequest | undefined {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: every, WATCHDOG_PID: pid } = env;
  if (socket === undefined || !/^[/@]/.test(socket)) return undefined;
  const watchdogMs = Number(every) / 1000;
  const isOurs = pid === undefined || [own.pid, own.ppid].includes(Number(pid));
  return { socket, ...(isOurs && watchdogMs >= 1 && { watchdogMs }) };
}

/** `running: web 2/2, jobs 1/1`; with what is under way. */
export function statusText(status: MasterStatus): string {
  const groups = groupByName(status.processes).filter(({ role }) => role !== "master");
  const parts = groups.map(({ name, all }) => {
    const ready = all.filter((one) => one.state === "ready" && one.silent !== true).length;
    return `${name} ${ready}/${all.length}`;
  });
  const { operation } = status;
  const doing = operation === undefined ? "" : ` (${operation.name} by ${operation.by})`;
  return `${status.state}: ${parts.join(", ") || "no processes"}${doing}`;
}

/** The lines of one message to the service manager. */
export type Message = readonly string[];

/** All is ready. `pid` is the process that it should look after, whoever it started. */
export function readyMessage(pid: number, status: string): Message {
  return ["READY=1", `MAINPID=${pid}`, statusLine(status)];
}

/** A reload has begun; `nowUs` is its clock in microseconds, by which it tells apart an earlier READY. */
export function reloadingMessage(nowUs: bigint, status: string): Message {
  return ["RELOADING=1", `MONOTONIC_USEC=${nowUs}`, statusLine(status)];
}

/** What a person reads in `systemctl status`: one line, without what ends a line or a field on its way. */
export function statusLine(status: string): string {
  return `STATUS=${status.replace(/[\t\n\r]+/g, " ")}`;
}
