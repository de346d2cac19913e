import type { Socket } from "node:net";

/** No message of the talk before a socket is of use is longer, in bytes. */
const MAX_LINE_BYTES = 4096;

interface Reader {
  /** What the stream thinks. */
  readonly reading?: boolean;
  readStart(): unknown;
  readStop(): unknown;
}

/** Sends one message of the talk, as a line of JSON. */
export function say(socket: Socket, message: object): void {
  socket.write(`${JSON.stringify(message)}\n`);
}

/**
 * Waits for one message, and reads no further than that: what follows belongs to whoever gets the socket. Neither side says
 * anything unasked, so that there is nothing behind it yet.
 *
 * @throws when the socket ends, or what comes is no message
 */
export function hear(socket: Socket): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    let text = "";
    const settle = (): void => {
      socket.off("data", onData).off("close", onClose);
    };
    const onClose = (): void => {
      settle();
      reject(new Error("the other side has ended the connection"));
    };
    const onData = (chunk: Buffer): void => {
      text += chunk.toString("latin1");
      if (!text.includes("\n") && text.length <= MAX_LINE_BYTES) return;
      settle();
      stopReading(socket);
      const message = parse(text);
      if (message === undefined) reject(new Error("the other side sent what is no message"));
      else resolve(message);
    };
    socket.on("data", onData).on("close", onClose);
    socket.resume();
    goOnReading(socket);
    if (socket.destroyed) onClose();
  });
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  // Exactly one line.
  if (text.indexOf("\n") !== text.length - 1) return undefined;
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null
      ? (found as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * At once, and not when a buffer is full: whoever gets the descriptor reads from it by itself. The stream is left to think
 * that it reads, or it would begin again.
 */
function stopReading(socket: Socket): void {
  socket.pause();
  handleOf(socket)?.readStop();
}

/** Goes on reading after a message was heard; what comes is kept until somebody listens. */
export function goOnReading(socket: Socket): void {
  const handle = handleOf(socket);
  // One that was never stopped the stream starts by itself.
  if (!socket.connecting && handle?.reading === true) handle.readStart();
}

function handleOf(socket: Socket): Reader | undefined {
  return (socket as unknown as { _handle?: Reader | null })._handle ?? undefined;
}
