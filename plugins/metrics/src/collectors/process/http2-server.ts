import { channel } from "node:diagnostics_channel";
import type { Http2Server as NodeServer, ServerHttp2Stream } from "node:http2";
import type { BoundCounter } from "@elpis/telemetry";
import type { HttpServerInstruments } from "./http-instruments.ts";
import type { HttpOutcomes } from "./http-outcomes.ts";

/** Node tells of each connection that a server of whatever kind takes, before anything has come over it. */
const CONNECTIONS = "net.server.socket";

interface Message {
  readonly socket: { readonly server?: object };
}

/** What a stream's headers begin with. */
interface Headers {
  readonly ":method"?: string;
}

/**
 * Measures the HTTP/2 requests of this process. Not every Node tells of them, but each tells of connections: a server is
 * listened to from its first one on. HTTP/1 requests of the same server are measured as those of any other.
 */
export class Http2Server {
  readonly #active: BoundCounter;
  readonly #outcomes: HttpOutcomes;
  readonly #now: () => number;
  readonly #servers = new Set<NodeServer>();

  constructor(
    instruments: HttpServerInstruments,
    outcomes: HttpOutcomes,
    now: () => number = () => performance.now(),
  ) {
    this.#active = instruments.active.bind();
    this.#outcomes = outcomes;
    this.#now = now;
  }

  install(): void {
    channel(CONNECTIONS).subscribe(this.#onConnection);
  }

  close(): void {
    channel(CONNECTIONS).unsubscribe(this.#onConnection);
    for (const server of this.#servers) server.off("stream", this.#onStream);
    this.#servers.clear();
  }

  readonly #onConnection = (message: unknown): void => {
    const { server } = (message as Message).socket;
    if (server === undefined || !isHttp2(server) || this.#servers.has(server)) return;
    this.#servers.add(server);
    server.on("stream", this.#onStream);
    server.once("close", () => this.#servers.delete(server));
  };

  readonly #onStream = (stream: ServerHttp2Stream, headers: Headers): void => {
    const startedAt = this.#now();
    let isOpen = true;
    this.#active.add(1);
    const end = (status: number | undefined): void => {
      if (!isOpen) return;
      isOpen = false;
      this.#outcomes.end(headers[":method"] ?? "", status, this.#now() - startedAt);
    };
    const statusNow = (): number | undefined =>
      stream.rstCode === 0 && !stream.aborted ? statusOf(stream) : undefined;
    // Comes as well when the client has gone away in the middle: then the end is told below.
    stream.once("finish", () => {
      const status = statusNow();
      if (status !== undefined) end(status);
    });
    // The one event that comes for every stream, also when the client has gone away.
    stream.once("close", () => {
      this.#active.add(-1);
      end(statusNow());
    });
  };
}

/** Undefined: it was not answered. */
function statusOf({ sentHeaders }: ServerHttp2Stream): number | undefined {
  const status: unknown = (sentHeaders as typeof sentHeaders | undefined)?.[":status"];
  return status === undefined ? undefined : Number(status);
}

/** Its classes are nowhere to be had. */
function isHttp2(server: object): server is NodeServer {
  return typeof (server as Partial<NodeServer>).updateSettings === "function";
}
