/** What a call of `server.listen` asks for, as far as it is about a TCP port. */
export interface ListenWish {
  readonly port: number;
  /** Host name or IP address; undefined: every interface. */
  readonly host: string | undefined;
  readonly backlog: number | undefined;
  readonly ipv6Only: boolean;
  readonly signal: AbortSignal | undefined;
  readonly callback: (() => void) | undefined;
}

/**
 * Reads the arguments of `server.listen` as Node does. Undefined when the call is not for us: a pipe, a descriptor, a
 * handle, `exclusive`, `reusePort`, or something that Node refuses.
 */
export function readListenArguments(args: readonly unknown[]): ListenWish | undefined {
  const last = args.at(-1);
  const callback = typeof last === "function" ? (last as () => void) : undefined;
  const rest = callback === undefined ? args : args.slice(0, -1);
  const [first, second, third] = rest;
  if (typeof first === "object" && first !== null) {
    return fromOptions(first as Options, toNumber(second) ?? toNumber(third), callback);
  }
  const host = typeof second === "string" ? second : undefined;
  const backlog = toNumber(second) ?? toNumber(third);
  return fromOptions({ port: rest.length === 0 ? 0 : first, host }, backlog, callback);
}

interface Options {
  readonly port?: unknown;
  readonly host?: unknown;
  readonly backlog?: unknown;
  readonly exclusive?: unknown;
  readonly reusePort?: unknown;
  readonly ipv6Only?: unknown;
  readonly signal?: unknown;
  readonly path?: unknown;
  readonly fd?: unknown;
  readonly handle?: unknown;
  readonly _handle?: unknown;
}

function fromOptions(
  options: Options,
  backlog: number | undefined,
  callback: (() => void) | undefined,
): ListenWish | undefined {
  const { exclusive, reusePort, path, fd, handle, _handle, host, signal } = options;
  if (exclusive === true || reusePort === true || path !== undefined) return undefined;
  if ((typeof fd === "number" && fd >= 0) || handle !== undefined || _handle !== undefined) {
    return undefined;
  }
  const port = toPort(options);
  if (port === undefined) return undefined;
  if (host !== undefined && host !== null && typeof host !== "string") return undefined;
  if (signal !== undefined && !(signal instanceof AbortSignal)) return undefined;
  return {
    port,
    host: host === null || host === "" ? undefined : host,
    backlog: backlog ?? toNumber(options.backlog),
    ipv6Only: options.ipv6Only === true,
    signal,
    callback,
  };
}

// `listen(undefined)` and `listen({ port: null })` take any port; `listen({})` is an error that Node words.
function toPort(options: Options): number | undefined {
  const { port } = options;
  if (port === null || (port === undefined && "port" in options)) return 0;
  if (typeof port !== "number" && (typeof port !== "string" || port.trim() === ""))
    return undefined;
  const number = Number(port);
  return Number.isInteger(number) && number >= 0 && number <= 65_535 ? number : undefined;
}

function toNumber(value: unknown): number | undefined {
  if (value === undefined || value === null || value === "" || value === false) return undefined;
  const number = Number(value);
  return number > 0 ? number : undefined;
}
