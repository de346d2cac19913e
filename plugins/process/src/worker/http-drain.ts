import { channel } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { closeAfter, type OpenResponse } from "./closing-header.ts";
import type { HttpSocket, ServerRegistry } from "./servers.ts";

/**
 * How long a kept-alive connection must have been idle to be closed, in milliseconds. A client may have sent a request
 * that is still on its way; one that comes within this time is answered, and told that the connection closes.
 */
const LINGER_MS = 500;
const LOOK_MS = 50;

interface Exchange {
  readonly socket: HttpSocket;
  readonly response: OpenResponse;
}

interface Idle {
  readonly since: number;
  readonly bytesRead: number;
}

/** Ends HTTP without losing a request: what is asked is answered, and every answer says that the connection closes. */
export class HttpDrain {
  readonly #servers: ServerRegistry;
  readonly #idle = new Map<Socket, Idle>();
  readonly #ending = new Set<Socket>();

  constructor(servers: ServerRegistry) {
    this.#servers = servers;
    channel("http.server.request.start").subscribe(this.#onRequest);
    channel("http.server.response.finish").subscribe(this.#onResponse);
    for (const socket of servers.speaking) this.#begin(socket);
    for (const session of servers.sessions) session.close();
  }

  /** Resolves when no connection speaks HTTP any more. */
  done(): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        const open = [...this.#servers.speaking].filter(isHttp);
        for (const socket of open) this.#look(socket, performance.now());
        if (open.length > 0 || this.#servers.sessions.size > 0) return;
        clearInterval(timer);
        resolve();
      };
      const timer = setInterval(look, LOOK_MS);
      look();
    });
  }

  #begin(socket: HttpSocket): void {
    const response = socket._httpMessage;
    if (!response) this.#rests(socket);
    else closeAfter(response);
  }

  #look(socket: HttpSocket, now: number): void {
    if (socket._httpMessage) return;
    const idle = this.#idle.get(socket);
    if (idle === undefined || idle.bytesRead !== socket.bytesRead) this.#rests(socket);
    else if (now - idle.since < LINGER_MS) return;
    else if (this.#ending.has(socket)) socket.destroy();
    else {
      this.#ending.add(socket);
      this.#rests(socket);
      // Unlike destroy() this lets the client see an orderly end.
      socket.end();
    }
  }

  #rests(socket: HttpSocket): void {
    this.#idle.set(socket, { since: performance.now(), bytesRead: socket.bytesRead });
  }

  readonly #onRequest = (message: unknown): void => {
    closeAfter((message as Exchange).response);
  };

  readonly #onResponse = (message: unknown): void => {
    // One whose headers had left before: its client believes that the connection stays.
    this.#rests((message as Exchange).socket);
  };
}

function isHttp(socket: HttpSocket): boolean {
  return socket.parser !== undefined && socket.parser !== null;
}
