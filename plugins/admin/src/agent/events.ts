import type { ServerResponse } from "node:http";
import type { Client, Off } from "@elpis/api";
import type { FastifyReply } from "fastify";

/** Who may listen at once; each costs a connection. */
const MAX_STREAMS = 64;
/** What may wait for one of them; who reads too slowly is cut off, and comes again. */
const MAX_WAITING_BYTES = 1024 * 1024;
const ALIVE_MS = 15_000;

/** What is told, and under which topic of the hub. */
const TOPICS: Readonly<Record<string, string>> = {
  process: "elpis.process",
  operation: "elpis.operation",
  task: "elpis.task",
};

/** Tells browsers and scripts what happens, as server-sent events. */
export class EventStreams {
  readonly #hub: Client;
  readonly #open = new Set<ServerResponse>();
  #offs: readonly Off[] = [];
  #timer: NodeJS.Timeout | undefined;
  #next = 1;
  #isClosed = false;

  constructor(hub: Client) {
    this.#hub = hub;
  }

  /** Goes on until either side ends it. */
  add(reply: FastifyReply): void {
    const { raw } = reply;
    if (this.#isClosed || this.#open.size >= MAX_STREAMS) {
      raw.writeHead(503, { "retry-after": "5" }).end();
      return;
    }
    if (this.#open.size === 0) this.#listen();
    this.#open.add(raw);
    raw.on("close", () => this.#remove(raw));
    raw.on("error", () => this.#remove(raw));
    raw.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    raw.write("retry: 2000\n\n");
  }

  /** Ends all of them, and takes no more. */
  close(): void {
    this.#isClosed = true;
    for (const raw of this.#open) raw.end();
  }

  #listen(): void {
    this.#offs = Object.entries(TOPICS).map(([name, topic]) =>
      this.#hub.on(topic, (payload) => this.#tell(name, payload), { overflow: "drop-old" }),
    );
    this.#timer = setInterval(() => this.#write(": alive\n\n"), ALIVE_MS);
    this.#timer.unref();
  }

  #remove(raw: ServerResponse): void {
    if (!this.#open.delete(raw) || this.#open.size > 0) return;
    for (const off of this.#offs) off();
    clearInterval(this.#timer);
  }

  #tell(name: string, payload: unknown): void {
    this.#write(`id: ${this.#next++}\nevent: ${name}\ndata: ${JSON.stringify(payload)}\n\n`);
  }

  #write(text: string): void {
    for (const raw of this.#open) {
      if (raw.writableLength > MAX_WAITING_BYTES) raw.destroy();
      else raw.write(text);
    }
  }
}
