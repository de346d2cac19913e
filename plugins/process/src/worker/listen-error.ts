import { getSystemErrorMap } from "node:util";

/** The error that Node's own `listen` gives for an error number of the system. */
export function listenError(errno: number, address: string | undefined, port: number): Error {
  const [code, message] = getSystemErrorMap().get(errno) ?? [`E${errno}`, "unknown error"];
  return Object.assign(new Error(), describe({ errno, code, message }, address, port));
}

/** Names address and port in an error of a `listen` that was given a socket, and so knows neither. */
export function nameAddress(
  error: NodeJS.ErrnoException,
  host: string | undefined,
  port: number,
): void {
  if (error.syscall !== "listen" || error.errno === undefined) return;
  const [code, message] = getSystemErrorMap().get(error.errno) ?? [error.code ?? "", error.message];
  Object.assign(error, describe({ errno: error.errno, code, message }, host, port));
}

interface SystemError {
  readonly errno: number;
  readonly code: string;
  readonly message: string;
}

function describe(
  { errno, code, message }: SystemError,
  host: string | undefined,
  port: number,
): object {
  const address = host ?? "::";
  const text = `listen ${code}: ${message} ${address}:${port}`;
  return { message: text, errno, code, syscall: "listen", address, port };
}
