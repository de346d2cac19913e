import { ElpisError, toText } from "@elpis/api";

/** An argument makes no sense. */
export function badArgument(
  name: string,
  expected: string,
  value: unknown,
  cause?: unknown,
): ElpisError {
  return new ElpisError(
    "ELPIS_LOGS_BAD_ARGUMENT",
    `"${name}" of a logger must be ${expected}; it is ${show(value)}.`,
    { details: { name, expected }, cause },
  );
}

/** What is to be written is a folder, a link, a pipe, a device. */
export function notAFile(path: string): ElpisError {
  return new ElpisError(
    "ELPIS_LOGS_NOT_A_FILE",
    `${path} is no regular file, so it cannot be a log that is rotated; remove it, or choose another name or folder.`,
    { details: { path } },
  );
}

/** Others could exchange what lies at a path. */
export function unsafeFolder(dir: string): ElpisError {
  return new ElpisError(
    "ELPIS_LOGS_UNSAFE_DIR",
    `Others than this user may write to ${dir}, so they could have any file rotated; take the right from them (chmod go-w), or choose a folder of your own.`,
    { details: { dir } },
  );
}

/** Two loggers of one name and folder are to be different. */
export function duplicateLogger(name: string, path: string): ElpisError {
  return new ElpisError(
    "ELPIS_LOGS_DUPLICATE",
    `There is a logger "${name}" for ${path} already, with other options; take it with get("${name}"), or give the new one another name or folder.`,
    { details: { name, path } },
  );
}

/** A service of loggers is closed. */
export function serviceClosed(name: string): ElpisError {
  return new ElpisError(
    "ELPIS_LOGS_CLOSED",
    `The loggers of this service are closed, so there can be no new one "${name}"; make a new service.`,
    { details: { name } },
  );
}

/** A file cannot be written for now. */
export function unwritable(path: string, cause: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_LOGS_UNWRITABLE",
    `${path} cannot be written: ${reason(cause)}; its lines wait, those that are too many are lost and counted, and it is tried again.`,
    { details: { path }, cause, retryable: true },
  );
}

/** A file was closed while it could not be written. */
export function linesLost(path: string, lines: number, cause: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_LOGS_LINES_LOST",
    `${lines} lines were lost when ${path} was closed: ${reason(cause)}.`,
    { details: { path, lines }, cause },
  );
}

/** A file cannot be put aside, compressed or removed for now. */
export function rotationFailed(path: string, cause: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_LOGS_ROTATION",
    `${path} cannot be rotated: ${reason(cause)}; it is written on, and it is tried again.`,
    { details: { path }, cause, retryable: true },
  );
}

/** Nobody of the application rotates what several processes write. */
export function noRotator(path: string, cause: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_LOGS_NO_ROTATOR",
    `Nobody on this hub rotates ${path}; add logs() of @elpis/logs to the plugins, or leave out "hub" where only one process writes it. It is written on, and it is asked again.`,
    { details: { path }, cause, retryable: true },
  );
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : toText(cause);
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : toText(value);
}
