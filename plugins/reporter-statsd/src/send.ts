import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { RetryLater } from "@elpis/api";
import type { HostLookup } from "./host-lookup.ts";
import type { Packet } from "./packets.ts";

/** A server that is busy for a moment keeps so many, and loses what comes beyond. */
const BURST = 10;
const PAUSE_MS = 10;

/** Where to send. */
export interface Target {
  readonly lookup: HostLookup;
  readonly port: number;
}

/**
 * Sends packets, a few at a time, over a socket of its own: names of hosts are looked up each time, and nothing stays open.
 *
 * @returns which were not sent, since nobody listens any more
 * @throws RetryLater when nobody listens from the beginning, or the host is not known: nothing was taken
 */
export async function sendPackets(
  target: Target,
  packets: readonly Packet[],
  signal: AbortSignal,
): Promise<{ readonly unsent: readonly Packet[]; readonly code?: string }> {
  signal.throwIfAborted();
  const { address, family } = await within(signal, target.lookup.find()).catch((error) => {
    signal.throwIfAborted();
    throw new RetryLater(undefined, `the host is not known: ${codeOf(error)}`);
  });
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  try {
    const connected = once(socket, "connect", { signal });
    socket.connect(target.port, address);
    await connected;
    return await sendAll(socket, packets, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    socket.close();
  }
}

async function sendAll(
  socket: Socket,
  packets: readonly Packet[],
  signal: AbortSignal,
): Promise<{ readonly unsent: readonly Packet[]; readonly code?: string }> {
  let code: string | undefined;
  // That nobody listens is told after a packet was sent, if at all.
  socket.on("error", (error) => {
    code ??= codeOf(error);
  });
  for (const [at, { text }] of packets.entries()) {
    code = (await send(socket, text)) ?? code;
    if (code === undefined && (at === 0 || (at + 1) % BURST === 0 || at === packets.length - 1)) {
      await pause(PAUSE_MS, undefined, { signal });
    }
    if (code === undefined) continue;
    if (at === 0) throw new RetryLater(undefined, `nobody takes packets there: ${code}`);
    return { unsent: packets.slice(at), code };
  }
  return { unsent: [] };
}

function send(socket: Socket, text: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    socket.send(text, (error) => resolve(error === null ? undefined : codeOf(error)));
  });
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof code === "string" ? code : "unknown error";
}

/** The same, but not after the call is over. */
function within<Result>(signal: AbortSignal, result: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
