import { randomBytes } from "node:crypto";
import { renameSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { BodyCodec, Kind } from "@elpis/protocol";
import { unsafeDirectory } from "../errors.ts";
import { checkSocketPath } from "../local/runtime-dir.ts";
import { FdReserve } from "./fd-reserve.ts";
import type { HubLimits } from "./limits.ts";

/** Why a connection is refused at once. */
const FULL = "ELPIS_HUB_FULL";
/** How long one that is refused has to read why, in milliseconds. */
const REFUSAL_MS = 250;
/** So many at a time are told; more are closed without a word, because each has a descriptor until it has read. */
const MAX_REFUSALS = 64;

/** What a listener tells. */
export interface ListenerEvents {
  readonly onSocket: (socket: Socket) => void;
  /** Somebody was refused, with this code. */
  readonly onRefused: (code: string) => void;
  /** Something is wrong with the listening socket; it goes on if it can. */
  readonly onError: (error: Error) => void;
}

/** Takes connections from outside the family and hands over a bounded number of half-open ones. */
export class Listener {
  /** Path of the socket, or name of the pipe. */
  readonly path: string;
  readonly #server: Server;
  readonly #events: ListenerEvents;
  readonly #maxHalfOpen: number;
  readonly #maxConnections: number;
  readonly #reserve = new FdReserve();
  #connections = 0;
  /** Accepted, not read from: they cost a descriptor and nothing else. */
  readonly #line: Socket[] = [];
  #halfOpen = 0;
  /** Those that are being told that there is no room. */
  #refusals = 0;
  /** The path is ours to remove. */
  #isPlaced = false;

  constructor(path: string, limits: HubLimits, events: ListenerEvents) {
    this.path = path;
    this.#maxHalfOpen = limits.maxHalfOpen;
    this.#maxConnections = limits.maxConnections;
    this.#events = events;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket));
  }

  /**
   * Binds under a private name and renames: whoever looks sees the old socket or the new one, and a socket that a killed
   * hub left behind is replaced without a moment in which there is none. The caller holds the lock of the folder.
   */
  async open(): Promise<void> {
    const isPipe = process.platform === "win32";
    const draft = isPipe ? this.path : `${this.path}.${randomBytes(3).toString("hex")}`;
    if (!isPipe) checkSocketPath(draft);
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      // Binding happens inside listen(): the mask holds for it and for nothing else.
      // A worker thread may not change it; there the private folder has to do.
      const mask = isPipe || !isMainThread ? undefined : process.umask(0o177);
      this.#server.listen({ path: draft, backlog: 511 }, resolve);
      if (mask !== undefined) process.umask(mask);
    });
    this.#server.on("error", this.#events.onError);
    this.#reserve.check(undefined);
    if (isPipe) return;
    try {
      renameSync(draft, this.path);
      this.#isPlaced = true;
    } catch (cause) {
      rmSync(draft, { force: true });
      throw unsafeDirectory(this.path, "the socket cannot be put there", cause);
    }
  }

  /** A connection that was handed over is no longer half-open. */
  settled(): void {
    this.#halfOpen--;
    const next = this.#line.shift();
    if (next !== undefined) this.#hand(next);
  }

  async close(): Promise<void> {
    for (const socket of this.#line) socket.destroy();
    this.#line.length = 0;
    this.#reserve.close();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    if (this.#isPlaced) rmSync(this.path, { force: true });
  }

  #accept(socket: Socket): void {
    socket.on("error", () => {});
    if (!this.#reserve.check(descriptorOf(socket))) {
      return this.#refuse(socket, "its process has no descriptors left");
    }
    if (this.#connections >= this.#maxConnections) {
      return this.#refuse(socket, `it has ${this.#connections} connections from outside`);
    }
    this.#connections++;
    socket.once("close", () => this.#left(socket));
    if (this.#halfOpen < this.#maxHalfOpen) this.#hand(socket);
    else this.#line.push(socket);
  }

  #left(socket: Socket): void {
    this.#connections--;
    const index = this.#line.indexOf(socket);
    if (index >= 0) this.#line.splice(index, 1);
  }

  /** Says why, and reads what comes: a socket that is closed with something unread takes our word with it. */
  #refuse(socket: Socket, reason: string): void {
    this.#events.onRefused(FULL);
    if (this.#refusals >= MAX_REFUSALS) {
      socket.destroy();
      return;
    }
    this.#refusals++;
    const frame = new BodyCodec().frame({ code: FULL, reason }, Kind.goodbye, 0, 0, 0, 0);
    socket.resume();
    socket.end(frame);
    const timer = setTimeout(() => socket.destroy(), REFUSAL_MS).unref();
    socket.once("close", () => {
      clearTimeout(timer);
      this.#refusals--;
    });
  }

  #hand(socket: Socket): void {
    this.#halfOpen++;
    this.#events.onSocket(socket);
  }
}

/** Node does not publish it; where it is not there, nothing depends on it. */
function descriptorOf(socket: Socket): number | undefined {
  return (socket as { _handle?: { fd?: number } })._handle?.fd;
}

/** Where a hub with this private folder listens. A pipe has no folder to protect it, so its name cannot be guessed. */
export function listenPath(dir: string): string {
  return process.platform === "win32"
    ? `\\\\.\\pipe\\elpis-${randomBytes(16).toString("hex")}`
    : join(dir, "hub.sock");
}
