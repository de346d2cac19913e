// Backends, each with a sickness of its own, that fall ill and get well together.
import { createServer } from "node:http";
import { serve } from "../lib/actor.mjs";
import { now } from "../lib/numbers.mjs";

const LARGE = Buffer.alloc(10 * 1024 * 1024, "x");
const backends = new Map();
let isSick = false;

/** What a sick one does with a request that it has read. */
const SICK = {
  hangs: () => {},
  500: (response) => response.writeHead(500).end("broken"),
  429: (response) => response.writeHead(429, { "retry-after": "1" }).end(),
  large: (response) => response.writeHead(500).end(LARGE),
  "half-closed": (response) => response.socket.end(),
  slow: (response) => {
    const letters = [..."HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"];
    const timer = setInterval(() => response.socket.write(letters.shift() ?? "\n"), 1000);
    response.socket.once("close", () => clearInterval(timer));
  },
};

class Backend {
  batches = [];
  events = new Set();
  twice = 0;

  constructor(kind) {
    this.kind = kind;
  }

  async open() {
    // It speaks no TLS, and is asked for it.
    this.server = createServer((request, response) => this.take(request, response));
    // It is asked for TLS, which it does not speak.
    this.server.on("clientError", (_, socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    this.port = await this.listen(0);
    return this.port;
  }

  listen(port) {
    return new Promise((resolve) => {
      this.server.listen(port, "127.0.0.1", () => resolve(this.server.address().port));
    });
  }

  async take(request, response) {
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    if (isSick && SICK[this.kind] !== undefined) return SICK[this.kind](response);
    const { events } = JSON.parse(Buffer.concat(chunks));
    for (const n of events) {
      if (this.events.has(n)) this.twice++;
      this.events.add(n);
    }
    this.batches.push(now());
    response.end();
  }

  async set() {
    if (this.kind === "tls") return;
    this.server.closeAllConnections();
    if (this.kind !== "refuses") return;
    if (isSick) await new Promise((resolve) => this.server.close(resolve));
    else await this.listen(this.port);
  }
}

serve({
  async open(kinds) {
    const ports = {};
    for (const kind of kinds) {
      const backend = new Backend(kind);
      backends.set(kind, backend);
      ports[kind] = await backend.open();
    }
    return ports;
  },
  async set(sick) {
    isSick = sick;
    for (const backend of backends.values()) await backend.set();
    return now();
  },
  report: () =>
    Object.fromEntries(
      [...backends].map(([kind, { batches, events, twice }]) => [
        kind,
        { batches, twice, events: events.size },
      ]),
    ),
});
