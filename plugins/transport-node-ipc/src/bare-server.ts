import type { Socket } from "node:net";
import { BoundedServer, codeOf } from "./bounded-server.ts";
import { incomplete, invalid, slowClient, tooLarge } from "./errors.ts";
import { DELIMITER, Frames } from "./frames.ts";
import { INCOMPLETE_MS, MAX_PENDING_BYTES } from "./limits.ts";
import type { ToClient } from "./messages.ts";

/**
 * node-ipc 12 has no bounds and can be made to throw by a message: its own reading is switched off, and the bytes that it
 * hands over are read here.
 */
export class BareServer extends BoundedServer {
  protected onServer(): void {
    this.ipc.server.on("data", (chunk: Buffer, socket: Socket) => this.#onData(socket, chunk));
  }

  readonly #readers = new WeakMap<Socket, { frames: Frames; timer?: NodeJS.Timeout | undefined }>();

  override start(): Promise<void> {
    Object.assign(this.ipc.config, { rawBuffer: true, encoding: "utf8" });
    return super.start();
  }

  send(socket: Socket, type: ToClient, data: object): void {
    const text = JSON.stringify({ type, data });
    const bytes = Buffer.byteLength(text);
    if (bytes > this.limits.maxMessageBytes) throw tooLarge(bytes, this.limits.maxMessageBytes);
    if (socket.writableLength + bytes > MAX_PENDING_BYTES) {
      return this.#violated(socket, slowClient(MAX_PENDING_BYTES));
    }
    if (socket.writable) this.ipc.server.emit(socket, text + DELIMITER);
  }

  protected override onConnect(socket: Socket): void {
    this.#readers.set(socket, { frames: new Frames(this.limits.maxMessageBytes) });
    super.onConnect(socket);
  }

  #onData(socket: Socket, chunk: Buffer): void {
    const reader = this.#readers.get(socket);
    if (reader === undefined || socket.destroyed) return;
    try {
      for (const text of reader.frames.push(chunk)) {
        const { type, data } = parse(text);
        this.events.onMessage(socket, type, data);
        if (socket.destroyed) return;
      }
    } catch (error) {
      return this.#violated(socket, error as NodeJS.ErrnoException);
    }
    if (!reader.frames.isPartial) {
      clearTimeout(reader.timer);
      reader.timer = undefined;
    } else if (reader.timer === undefined) {
      reader.timer = setTimeout(() => {
        if (!socket.destroyed) this.#violated(socket, incomplete(INCOMPLETE_MS));
      }, INCOMPLETE_MS);
      reader.timer.unref();
    }
  }

  #violated(socket: Socket, error: NodeJS.ErrnoException): void {
    clearTimeout(this.#readers.get(socket)?.timer);
    this.#readers.delete(socket);
    socket.destroy();
    this.events.onViolation(codeOf(error));
  }
}

/** @throws ELPIS_NODE_IPC_INVALID */
function parse(text: string): { readonly type: string; readonly data: unknown } {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw invalid("a message that is not JSON");
  }
  const { type, data } = (message ?? {}) as { type?: unknown; data?: unknown };
  if (typeof type !== "string") throw invalid("a message without a type");
  return { type, data };
}
