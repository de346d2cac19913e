import { ElpisError, type ErrorData } from "@elpis/api";

/** The version of node-ipc that this version of Node needs is not installed. */
export function notInstalled(version: string, cause: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_NODE_IPC_NOT_INSTALLED",
    `Node ${process.versions.node} needs node-ipc ${version}, which was left out; run npm install again with this Node.`,
    { details: { version, node: process.versions.node }, cause },
  );
}

export function noHub(file: string, cause: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_NODE_IPC_NO_HUB",
    `${file} does not say how to reach the hub; give the plugin the hub's folder as \`dir\`, and let the hub listen.`,
    { details: { file }, cause },
  );
}

export function pathTooLong(path: string, limit: number): ElpisError {
  return new ElpisError(
    "ELPIS_NODE_IPC_PATH_TOO_LONG",
    `The socket path ${path} is over ${limit} bytes, which the system would cut; set ELPIS_HOME to a shorter folder.`,
    { details: { path, limit } },
  );
}

export function badLimit(option: string, least: number, got: number): ElpisError {
  return new ElpisError(
    "ELPIS_NODE_IPC_LIMIT",
    `${option}: expected at least ${least}, got ${got}.`,
    {
      details: { option, least, got },
    },
  );
}

/** A client did not show that it knows the secret, or not in time. */
export function notAuthentic(reason: string): ElpisError {
  return new ElpisError(
    "ELPIS_NODE_IPC_AUTH",
    `The client did not prove itself: ${reason}; read hub.json again.`,
    { details: { reason } },
  );
}

/** A client broke the rules of the conversation; its connection ends. */
export function invalid(reason: string): ElpisError {
  return new ElpisError("ELPIS_NODE_IPC_INVALID", `The client broke the rules: ${reason}.`, {
    details: { reason },
  });
}

export function tooMany(what: string, limit: number): ElpisError {
  return new ElpisError("ELPIS_NODE_IPC_BUSY", `There are ${limit} ${what} already; try later.`, {
    details: { what, limit },
    retryable: true,
  });
}

/** A message over the limit; one that comes in ends the connection. */
export function tooLarge(bytes: number, limit: number): ElpisError {
  return new ElpisError(
    "ELPIS_NODE_IPC_TOO_LARGE",
    `A message of ${bytes} bytes or more is over the limit of ${limit}; send it in parts.`,
    { details: { bytes, limit } },
  );
}

export function incomplete(milliseconds: number): ElpisError {
  return new ElpisError(
    "ELPIS_NODE_IPC_INCOMPLETE",
    `A message was begun and not ended within ${milliseconds} ms.`,
    { details: { milliseconds } },
  );
}

export function slowClient(limit: number): ElpisError {
  return new ElpisError(
    "ELPIS_NODE_IPC_SLOW",
    `More than ${limit} bytes wait for a client that does not read.`,
    { details: { limit } },
  );
}

export function badValue(reason: string): ElpisError {
  return new ElpisError("ELPIS_NODE_IPC_VALUE", `A value cannot cross as JSON: ${reason}.`, {
    details: { reason },
  });
}

export function clientLeft(): ElpisError {
  return new ElpisError("ELPIS_NODE_IPC_LEFT", "The client has left.");
}

/** The error of a client's handler, made of what it sent. What is missing or makes no sense is left out. */
export function remoteError(data: unknown): Error {
  const given = isObject(data) ? (data as Partial<ErrorData>) : {};
  const { name, message, code, details, retryable } = given;
  return Object.assign(new Error(typeof message === "string" ? message : "no message"), {
    ...(typeof name === "string" && { name }),
    ...(typeof code === "string" && { code }),
    ...(isObject(details) && { details }),
    ...(retryable === true && { retryable }),
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
