import { connect, type Socket } from "node:net";
import type { Address } from "../types.ts";

const DEFAULT_HOST = "127.0.0.1";

/** What `net.connect` takes, or undefined when it is no address. */
export function parseAddress(
  address: unknown,
): { readonly host: string; readonly port: number } | { readonly path: string } | undefined {
  if (typeof address === "number")
    return isPort(address) ? { host: DEFAULT_HOST, port: address } : undefined;
  if (typeof address !== "string") return undefined;
  if (address.startsWith("/") || address.startsWith("\\\\.\\pipe\\")) return { path: address };
  const found = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(address);
  if (found === null) return undefined;
  const port = Number(found[3]);
  return isPort(port) ? { host: found[1] ?? found[2] ?? DEFAULT_HOST, port } : undefined;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

/** A connection, open, for as long as `use` takes; it is closed whatever comes of that. */
export async function withSocket<Result>(
  address: Address,
  signal: AbortSignal,
  use: (socket: Socket) => Result | Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const socket = connect(parseAddress(address) ?? { path: String(address) });
  const abort = (): void => void socket.destroy(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    // What comes later is told to whoever reads.
    socket.on("error", () => {});
    return await use(socket);
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}

/** Reads from a socket until `isWhole` is satisfied; rejects when it ends before, or goes on for too long. */
export async function readUntil(
  socket: Socket,
  isWhole: (bytes: Buffer) => boolean,
  maxBytes: number = 64 * 1024,
): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    if (isWhole(bytes)) return bytes;
    if (bytes.length > maxBytes) throw new Error("it sends more than an answer");
  }
  throw new Error("it closed the connection without an answer");
}
