import { ElpisError } from "@elpis/api";

/** There is no agent and no app worker with that process id. */
export function unknownPid(pid: number | string, known: readonly number[]): ElpisError {
  return new ElpisError(
    "ELPIS_EGG_UNKNOWN_PID",
    `No agent or app worker has the process id ${pid}; there are: ${known.join(", ") || "none"}.`,
    { details: { pid, known } },
  );
}

/** Nobody takes what is sent to such a target. */
export function noRoute(action: string, to: string): ElpisError {
  return new ElpisError(
    "ELPIS_EGG_NO_ROUTE",
    `"${action}" cannot be sent to "${to}"; send to "app" or "agent", or "reload-worker" to "master".`,
    { details: { action, to } },
  );
}
