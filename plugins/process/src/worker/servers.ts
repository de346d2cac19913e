import type { Server, Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { OpenResponse } from "./closing-header.ts";

/** As much of an HTTP/2 session as leaving needs. */
export interface Http2Session {
  once(event: "close", listener: () => void): unknown;
  readonly closed: boolean;
  close(callback?: () => void): void;
}

/**
 * Node's own names for what hangs on servers and sockets. They have been the same for ten years, and there is no public
 * way to learn whether a kept-alive connection is idle.
 */
export interface HttpSocket extends Socket {
  /** There while HTTP/1 is spoken; gone after an upgrade. */
  readonly parser?: object | null;
  /** The response that is being written. */
  readonly _httpMessage?: OpenResponse | null;
}

/** A server with what Node keeps in it. */
export interface OpenServer extends Server {
  readonly _handle?: { close(): void } | null;
}

/** Every server that this process listens with, and every connection that they took. */
export class ServerRegistry {
  readonly #known = new WeakSet<Server>();
  readonly #listening = new Set<OpenServer>();
  readonly #connections = new Set<Socket>();
  readonly #speaking = new Set<HttpSocket>();
  readonly #sessions = new Set<Http2Session>();
  #stopped = false;

  /** Connections as the system sees them. */
  get connections(): ReadonlySet<Socket> {
    return this.#connections;
  }

  /** What a protocol is spoken over: the connection, or the TLS layer on it. */
  get speaking(): ReadonlySet<HttpSocket> {
    return this.#speaking;
  }

  get sessions(): ReadonlySet<Http2Session> {
    return this.#sessions;
  }

  /** Follows a server from before it listens. */
  watch(server: Server, onListening: () => void): void {
    if (this.#known.has(server)) return;
    this.#known.add(server);
    server.on("listening", () => {
      this.#listening.add(server);
      // It came to listen after all others had been told not to.
      if (this.#stopped) void this.stopAccepting();
      else onListening();
    });
    server.on("close", () => this.#listening.delete(server));
    server.on("connection", (socket) => keep(this.#connections, socket));
    const top = "setSecureContext" in server ? "secureConnection" : "connection";
    server.on(top, (socket: HttpSocket) => keep(this.#speaking, socket));
    server.on("session", (session: Http2Session) => keep(this.#sessions, session));
  }

  /**
   * Takes no more connections. The servers are not told: for them they are open until they are closed, so that the
   * application's own `server.close(callback)` works as ever.
   */
  async stopAccepting(): Promise<void> {
    this.#stopped = true;
    // Connections that are there already are taken: with the last socket of a port, those in line would be reset. Two turns
    // have one look at the network between them.
    await nextTurn();
    await nextTurn();
    for (const server of this.#listening) server._handle?.close();
  }

  /** Closes the servers, and whatever connections are left. */
  end(): void {
    for (const server of this.#listening) server.close();
    for (const socket of this.#connections) socket.destroy();
  }
}

function keep<Item extends { once(event: "close", listener: () => void): unknown }>(
  set: Set<Item>,
  item: Item,
): void {
  set.add(item);
  item.once("close", () => set.delete(item));
}
