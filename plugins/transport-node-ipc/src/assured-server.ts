import type { Socket } from "node:net";
import { BoundedServer } from "./bounded-server.ts";
import { tooLarge } from "./errors.ts";
import { INCOMPLETE_MS, MAX_PENDING_BYTES } from "./limits.ts";
import { FROM_CLIENT, TO_CLIENT, type ToClient } from "./messages.ts";

/** node-ipc 14 with the strictest of its own profiles: it knows each name that may be sent or received. */
export class AssuredServer extends BoundedServer {
  protected onServer(): void {
    for (const type of FROM_CLIENT) {
      this.ipc.server.on(type, (data: unknown, socket: Socket) => {
        this.events.onMessage(socket, type, data);
      });
    }
  }

  override start(): Promise<void> {
    const { maxMessageBytes } = this.limits;
    Object.assign(this.ipc.config, {
      // It does not serve named pipes with that profile, because their access list cannot be set.
      parser: process.platform === "win32" ? "guarded" : "assured",
      allowedEvents: [...FROM_CLIENT, ...TO_CLIENT],
      maxMessageSize: maxMessageBytes,
      maxPendingBytes: MAX_PENDING_BYTES,
      messageTimeout: INCOMPLETE_MS,
    });
    return super.start();
  }

  send(socket: Socket, type: ToClient, data: object): void {
    try {
      this.ipc.server.emit(socket, type, data);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_IPC_FRAME_TOO_LARGE") throw error;
      throw tooLarge(this.limits.maxMessageBytes, this.limits.maxMessageBytes);
    }
  }
}
