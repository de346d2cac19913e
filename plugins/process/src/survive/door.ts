import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { resolve } from "node:path";
import type { Logger } from "@elpis/api";
import { checkSocketPath } from "@elpis/core/internal";
import { examine, type Purpose } from "./proof.ts";

/** How long somebody at the door has to prove who it is, in milliseconds. */
const PROOF_MS = 1000;
/** So many may be at the door at once. */
const MAX_WAITING = 256;

/** Somebody who may come in again, if it proves who it is. */
export interface Expected {
  readonly token: string;
  /** It has proved it. The socket is not read from. */
  onSocket(purpose: Purpose, socket: Socket): void;
}

/** Where children that have lost their master come in, wherever they are by then. */
export function doorPath(dir: string): string {
  return resolve(dir, "door.sock");
}

/** Lets in the processes of the family that have lost their link, and nobody else. */
export class Door {
  readonly #path: string;
  readonly #log: Logger;
  readonly #server: Server;
  readonly #expected = new Map<string, Expected>();
  readonly #waiting = new Set<Socket>();

  constructor(dir: string, log: Logger) {
    this.#path = doorPath(dir);
    this.#log = log;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => void this.#welcome(socket));
    this.#server.on("error", (error) => {
      log.error("nobody can come back to the hub", { error: String(error) });
    });
  }

  /**
   * Begins to listen. The caller holds the lock of the folder, so that what lies there is nobody's.
   *
   * @throws ELPIS_HUB_PATH_TOO_LONG, and what the system says
   */
  async open(): Promise<void> {
    checkSocketPath(this.#path);
    rmSync(this.#path, { force: true });
    await new Promise<void>((done, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#path, () => {
        this.#server.off("error", reject);
        done();
      });
    });
    chmodSync(this.#path, 0o600);
    this.#server.unref();
  }

  /** From now on that process may come in. An earlier one of the same instance may not. */
  expect(id: string, expected: Expected): void {
    this.#expected.set(id, expected);
  }

  forget(id: string): void {
    this.#expected.delete(id);
  }

  close(): void {
    this.#expected.clear();
    for (const socket of this.#waiting) socket.destroy();
    if (!this.#server.listening) return;
    // It says that it is closed when all are gone who came in by it, and these belong to others by now.
    this.#server.close();
    rmSync(this.#path, { force: true });
  }

  async #welcome(socket: Socket): Promise<void> {
    socket.on("error", () => {});
    if (this.#waiting.size >= MAX_WAITING) {
      socket.destroy();
      return;
    }
    this.#waiting.add(socket);
    const timer = setTimeout(() => socket.destroy(), PROOF_MS);
    const claim = await examine(socket, ({ id }) => this.#expected.get(id)?.token);
    clearTimeout(timer);
    this.#waiting.delete(socket);
    if (claim === undefined) return;
    const expected = this.#expected.get(claim.id);
    this.#log.debug("a process has come back", { ...claim });
    if (expected === undefined) socket.destroy();
    else expected.onSocket(claim.purpose, socket);
  }
}
