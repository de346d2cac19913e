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

export function hubClosed(reason: string, code = "ELPIS_HUB_CLOSED", cause?: unknown): ElpisError {
  return new ElpisError(
    code,
    `The connection to the hub has ended: ${reason.replace(/\.$/, "")}.`,
    { cause },
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
