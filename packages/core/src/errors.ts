import { ElpisError, type ErrorData, formatLocation, type Location, toText } from "@elpis/api";

/** How a call is named in messages. */
export interface CallName {
  readonly topic: string;
  readonly timeoutMs: number;
}

const who = (from: Location | undefined): string =>
  from === undefined ? "The peer" : `${formatLocation(from)} (pid ${from.pid})`;

export function noResponder({ topic }: CallName): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_NO_RESPONDER",
    `No ready peer answers "${topic}"; check its name, the selector, and that the process is up.`,
    { details: { topic }, retryable: true },
  );
}

export function peerLost({ topic }: CallName, from?: Location): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_PEER_LOST",
    `${who(from)} died or left while it worked on "${topic}"; it may or may not have done it.`,
    { details: { topic, from } },
  );
}

export function deadlinePassed({ topic, timeoutMs }: CallName, from?: Location): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_DEADLINE",
    `${who(from)} did not answer "${topic}" within ${timeoutMs} ms.`,
    { details: { topic, timeoutMs, from } },
  );
}

export function overloaded({ topic }: CallName, from?: Location): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_OVERLOADED",
    `${who(from)} has too much waiting to take "${topic}"; try later or add processes.`,
    { details: { topic, from }, retryable: true },
  );
}

export function cancelled({ topic }: CallName, cause?: unknown): ElpisError {
  return new ElpisError("ELPIS_HUB_CANCELLED", `"${topic}" was cancelled.`, {
    details: { topic },
    cause,
  });
}

export function tooLarge({ topic }: CallName, bytes?: number, limit?: number): ElpisError {
  const size = bytes === undefined ? "The answer" : `A message of ${bytes} bytes`;
  const over = limit === undefined ? "the limit" : `the limit of ${limit} bytes`;
  return new ElpisError(
    "ELPIS_HUB_TOO_LARGE",
    `${size} for "${topic}" is over ${over}; send it in parts or raise maxFrameBytes.`,
    { details: { topic, bytes, limit } },
  );
}

export function badPayload({ topic }: CallName, cause?: unknown): ElpisError {
  return new ElpisError("ELPIS_HUB_BAD_PAYLOAD", `What was sent as "${topic}" cannot be read.`, {
    details: { topic },
    cause,
  });
}

/** A schema did not let a value pass; `issues` is what it had to say. */
export function badValue(
  { topic }: CallName,
  issues: readonly string[],
  cause?: unknown,
): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_BAD_PAYLOAD",
    `A value of "${topic}" is not what its schema wants: ${issues.join("; ")}.`,
    { details: { topic, issues }, cause },
  );
}

/** The error of a remote handler. Its own code is kept unless it is one of ours, which the caller would misread. */
export function remoteError({ topic }: CallName, data: ErrorData, from?: Location): ElpisError {
  const own = data.code !== undefined && !data.code.startsWith("ELPIS_");
  const error = new ElpisError(own ? (data.code as string) : "ELPIS_HUB_REMOTE", data.message, {
    details: { ...data.details, topic, from, remote: data },
    retryable: data.retryable ?? false,
  });
  error.name = data.name;
  return error;
}

export function hubClosed(
  reason: string,
  code = "ELPIS_HUB_CLOSED",
  cause?: unknown,
  retryable = false,
): ElpisError {
  return new ElpisError(
    code,
    `The connection to the hub has ended: ${reason.replace(/\.$/, "")}.`,
    { cause, retryable },
  );
}

/** The connection is lost, and is being made again. */
export function hubAway(cause: ElpisError): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_CLOSED",
    'The connection to the hub is lost and is being made again; try later, or with `absent: "wait"`.',
    { cause, retryable: true },
  );
}

/** The hub takes no more connections. */
export function hubFull(reason: string): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_FULL",
    `The hub takes no more peers: ${reason.replace(/\.$/, "")}; close some, or raise its limits.`,
    { retryable: true },
  );
}

/** The hub closed the connection in the handshake and did not say why. */
export function closedUnsaid(cause?: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_CLOSED",
    "The connection was closed without a word before the hub had let this peer in: the hub may be full, out of file descriptors, or just closing, or something else listens there.",
    { cause, retryable: true },
  );
}

export function unreachable(where: string, reason: string, cause?: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_UNREACHABLE",
    `No hub answers at ${where} (${reason}); is the application running?`,
    { details: { where }, cause },
  );
}

export function notJoined(): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_NOT_JOINED",
    "This process was not started by Elpis, so it has no hub; start it with `elpis`, or use connect().",
  );
}

export function duplicateHandler(topic: string): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_DUPLICATE_HANDLER",
    `This client already handles "${topic}"; end the first handler before adding another.`,
    { details: { topic } },
  );
}

export function badArgument(what: string, expected: string, got: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_BAD_ARGUMENT",
    `${what}: expected ${expected}, got ${toText(got)}.`,
    {
      details: { what, expected },
    },
  );
}

export function pathTooLong(path: string, limit: number): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_PATH_TOO_LONG",
    `The socket path ${path} is over ${limit} bytes, which the system would cut; set ELPIS_HOME to a shorter folder.`,
    { details: { path, limit } },
  );
}

export function unsafeDirectory(dir: string, why: string, cause?: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_UNSAFE_DIR",
    `${dir} cannot hold the hub's socket: ${why}; make it a folder of your own with mode 700, or set ELPIS_HOME to one.`,
    { details: { dir }, cause },
  );
}

export function owned(name: string, dir: string, pid: number): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_OWNED",
    `"${name}" is already run by process ${pid} (${dir}); stop it first or choose another name.`,
    { details: { name, dir, pid } },
  );
}

export function badName(name: string): ElpisError {
  return new ElpisError(
    "ELPIS_HUB_BAD_NAME",
    `"${name}" cannot be the name of an application; use 1 to 64 letters, digits, ".", "_" or "-", a letter or digit first.`,
    { details: { name } },
  );
}

/** Errors of the plugin kernel all name the plugin they are about. */
export function pluginError(
  code: string,
  plugin: string,
  message: string,
  cause?: unknown,
): ElpisError {
  return new ElpisError(`ELPIS_PLUGIN_${code}`, `Plugin "${plugin}" ${message}.`, {
    details: { plugin },
    cause,
  });
}

export function objectBadName(what: "name" | "tag", got: unknown, maxBytes: number): ElpisError {
  return new ElpisError(
    "ELPIS_OBJECT_BAD_NAME",
    `${toText(got)} cannot be the ${what} of an object; use a text of 1 to ${maxBytes} bytes without "#".`,
    { details: { what } },
  );
}

export function objectBadMember(object: string, member: unknown, why: string): ElpisError {
  return new ElpisError(
    "ELPIS_OBJECT_BAD_MEMBER",
    `Object "${object}" cannot be published: ${toText(member)} ${why}.`,
    { details: { object, member: toText(member) } },
  );
}

export function objectNoMethod(object: string, method: string): ElpisError {
  return new ElpisError(
    "ELPIS_OBJECT_NO_METHOD",
    `Object "${object}" has no method "${method}" for others; name it in the methods it is published with.`,
    { details: { object, method } },
  );
}

export function objectNoProperty(object: string, property: string): ElpisError {
  return new ElpisError(
    "ELPIS_OBJECT_NO_PROPERTY",
    `Object "${object}" has no property "${property}" for others; name it in the properties it is published with.`,
    { details: { object, property } },
  );
}

export function objectNoEvent(object: string, event: string): ElpisError {
  return new ElpisError(
    "ELPIS_OBJECT_NO_EVENT",
    `Object "${object}" has no event "${event}" for others; name it in the events it is published with.`,
    { details: { object, event } },
  );
}

export function objectBadCall(object: string, why: string): ElpisError {
  return new ElpisError(
    "ELPIS_OBJECT_BAD_CALL",
    `This is no call that object "${object}" understands: ${why}; use a proxy.`,
    { details: { object } },
  );
}

export function objectOverloaded(object: string): ElpisError {
  return new ElpisError(
    "ELPIS_OBJECT_OVERLOADED",
    `Too many calls of object "${object}" wait already; try later, or publish it with more concurrency.`,
    { details: { object }, retryable: true },
  );
}

export function configBadKey(key: unknown, maxBytes: number): ElpisError {
  return new ElpisError(
    "ELPIS_CONFIG_BAD_KEY",
    `${toText(key)} cannot be a key of the shared config; use a text of 1 to ${maxBytes} bytes.`,
  );
}

export function configBadValue(key: string, why: string, cause?: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_CONFIG_BAD_VALUE",
    `The value of "${key}" in the shared config ${why}; set it with config.set().`,
    { details: { key }, cause },
  );
}

export function configTooLarge(key: string, bytes: number, limit: number): ElpisError {
  return new ElpisError(
    "ELPIS_CONFIG_TOO_LARGE",
    `A value of ${bytes} bytes for "${key}" is over the limit of ${limit} bytes; share where it is kept instead.`,
    { details: { key, bytes, limit } },
  );
}

export function configFull(key: string, what: "keys" | "bytes", limit: number): ElpisError {
  return new ElpisError(
    "ELPIS_CONFIG_FULL",
    `There is no room for "${key}" in the shared config: it has ${limit} ${what} at most; delete what is not used.`,
    { details: { key, what, limit } },
  );
}

/**
 * An error that another peer raised with a code of ours, which a remote error hides, as that peer raised it: for calls
 * whose other side is a part of this library. Any other error as it is.
 */
export function ownError(
  error: unknown,
  prefix: string,
  isOwn: (details: Readonly<Record<string, unknown>>) => boolean = () => true,
): unknown {
  if (!(error instanceof ElpisError) || error.code !== "ELPIS_HUB_REMOTE") return error;
  const { code, details = {}, retryable } = error.details.remote as ErrorData;
  if (code?.startsWith(prefix) !== true || !isOwn(details)) return error;
  return new ElpisError(code, error.message, {
    details,
    retryable: retryable === true,
    cause: error,
  });
}

/** The hub holds as many jobs as it may; nothing was added. */
export function jobsFull(what: string, limit: number): ElpisError {
  return new ElpisError(
    "ELPIS_JOBS_FULL",
    `The hub holds ${limit} ${what} and takes no more; add workers, or discard dead letters.`,
    { details: { what, limit }, retryable: true },
  );
}

/** The disk does not take it; nothing was added. */
export function jobsDisk(cause: unknown): ElpisError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ElpisError(
    "ELPIS_JOBS_DISK",
    `The journal of the jobs cannot be written (${reason}); make room on the disk of the hub's folder and enqueue again.`,
    { details: { reason }, cause, retryable: true },
  );
}

/** The hub keeps nothing on disk. */
export function jobsNotDurable(): ElpisError {
  return new ElpisError(
    "ELPIS_JOBS_NOT_DURABLE",
    "This hub has no folder of its own, so it can make no job durable; start it with `listen` or `jobsDir`, or ask for level accepted.",
  );
}

/** The journal is not one that this version reads. */
export function jobsFormat(file: string, found: string): ElpisError {
  return new ElpisError(
    "ELPIS_JOBS_FORMAT",
    `${file} is not a journal of this version (${found}); use the version of Elpis that wrote it, or move the file away.`,
    { details: { file, found } },
  );
}

/** What `context.retry()` throws. */
export function jobRetry(delayMs: number | undefined): ElpisError {
  const when = delayMs === undefined ? "after a pause" : `after ${delayMs} ms`;
  return new ElpisError("ELPIS_JOBS_RETRY", `The handler wants the job again ${when}.`, {
    details: { delayMs },
  });
}

/** Why the signal of a job was aborted. */
export function jobTaken(id: string, why: string, cause?: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_JOBS_TAKEN",
    `Job ${id} was taken away: ${why}. It comes again, here or elsewhere; stop working on it.`,
    { details: { id, why }, cause },
  );
}
