import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { hasCode } from "@elpis/api";
import { type Identity, type Purpose, prove } from "./proof.ts";

/** How long until it is looked again whether there is another master, in milliseconds; up to half less. */
const LOOK_MS = 100;
/** How long somebody who is there may take to answer. */
const ANSWER_MS = 1000;

/** Who this process is to a master that has not started it, and where that one can be found. */
export interface Returning extends Identity {
  /** The door of the application. */
  readonly path: string;
}

/** How the master says it at the start: one variable. */
export function packReturning({ id, token, path }: Returning): string {
  return JSON.stringify([id, token, path]);
}

/** Reads what `packReturning` has made. */
export function readReturning(text: string): Returning {
  const [id, token, path] = JSON.parse(text) as [string, string, string];
  return { id, token, path };
}

/**
 * Goes to whoever is the master, again and again until there is one, and proves who this process is.
 *
 * @throws ELPIS_PROTOCOL_AUTH when there is a master that does not want this process; what `signal` was aborted with
 */
export async function comeBack(
  returning: Returning,
  purpose: Purpose,
  signal: AbortSignal,
): Promise<Socket> {
  for (;;) {
    signal.throwIfAborted();
    const socket = await attempt(returning, purpose);
    if (socket !== undefined) return socket;
    await pause(LOOK_MS * (0.5 + Math.random() / 2), undefined, { signal });
  }
}

async function attempt(returning: Returning, purpose: Purpose): Promise<Socket | undefined> {
  const socket = connect(returning.path);
  socket.on("error", () => {});
  const timer = setTimeout(() => socket.destroy(), ANSWER_MS);
  try {
    await prove(socket, returning, purpose);
    return socket;
  } catch (error) {
    socket.destroy();
    if (hasCode(error, "ELPIS_PROTOCOL_AUTH")) throw error;
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
