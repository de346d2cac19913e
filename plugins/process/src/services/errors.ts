import { ElpisError } from "@elpis/api";

/** ELPIS_SERVICE_ENTRY: the module of a service cannot be loaded, or has no class. */
export function badServiceEntry(
  service: string,
  file: string,
  found: string,
  cause?: unknown,
): ElpisError {
  return new ElpisError(
    "ELPIS_SERVICE_ENTRY",
    `Service "${service}" needs a class as the default export, or the only one, of ${file}; ${found}.`,
    { ...(cause !== undefined && { cause }), details: { service, file, found } },
  );
}

/** What may go wrong in the life of a service. */
export type ServiceStep = "config" | "constructor" | "start" | "publish" | "stop";

/** ELPIS_SERVICE_FAILED: the code of a service threw. */
export function serviceFailed(service: string, step: ServiceStep, cause: unknown): ElpisError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ElpisError(
    "ELPIS_SERVICE_FAILED",
    `Service "${service}" failed in its ${step}: ${why}`,
    { cause, details: { service, step } },
  );
}

/** ELPIS_SERVICE_TIMEOUT: the code of a service took too long. */
export function serviceTimeout(service: string, step: ServiceStep, timeoutMs: number): ElpisError {
  return new ElpisError(
    "ELPIS_SERVICE_TIMEOUT",
    `Service "${service}" was not done with its ${step} within ${timeoutMs} ms. Find what it waits for, or give it a longer timeout.`,
    { details: { service, step, timeoutMs } },
  );
}

/** ELPIS_SERVICE_WAIT: a service of another process did not start in time. */
export function serviceWait(
  service: string,
  needs: string,
  processes: readonly string[],
  timeoutMs: number,
): ElpisError {
  return new ElpisError(
    "ELPIS_SERVICE_WAIT",
    `Service "${service}" waited ${timeoutMs} ms for "${needs}", but no process ${processes.join(" or ")} has started it. Name it in dependsOn of the service, so that the processes start in that order, and look at why it does not start.`,
    { details: { service, needs, processes, timeoutMs }, retryable: true },
  );
}

/** ELPIS_SERVICE_CYCLE: services need one another in a circle. */
export function serviceCycle(circle: readonly string[]): ElpisError {
  return new ElpisError(
    "ELPIS_SERVICE_CYCLE",
    `Services need one another in a circle: ${circle.join(" -> ")}. Take one of these dependencies away.`,
    { details: { circle } },
  );
}

/** ELPIS_SERVICE_UNKNOWN: nothing that can be had by that name. */
export function serviceUnknown(wanted: string, why: string, known: readonly string[]): ElpisError {
  const has = known.length === 0 ? "none" : known.join(", ");
  return new ElpisError(
    "ELPIS_SERVICE_UNKNOWN",
    `There is no service "${wanted}" here: ${why}. There is ${has}.`,
    { details: { wanted, why, known } },
  );
}
