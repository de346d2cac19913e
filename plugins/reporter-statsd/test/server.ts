import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** Sums and values as a server has them. */
export interface Seen {
  readonly counters: Map<string, number>;
  readonly gauges: Map<string, number>;
  readonly events: string[];
  /** Lines that are not of the dialect, and packets that are too large. */
  readonly bad: string[];
  readonly packets: Buffer[];
}

export type Dialect = "statsd" | "dogstatsd";

const LINE: Readonly<Record<Dialect, RegExp>> = {
  statsd: /^([A-Za-z0-9_.-]{1,250}):(-?\d+(?:\.\d+)?)\|([cg])$/,
  dogstatsd:
    /^([A-Za-z][A-Za-z0-9_.]{0,199}):(-?\d+(?:\.\d+)?)\|([cg])(?:\|#([\p{L}\p{N}_\-:./]+:[\p{L}\p{N}_\-:./]+(?:,[\p{L}\p{N}_\-:./]+:[\p{L}\p{N}_\-:./]+)*))?$/u,
};
const EVENT = /^_e\{(\d+),(\d+)\}:/;

/** Reads packets by the letter of a dialect, and does with gauges what every server does: a sign means more or less. */
export class Reader {
  readonly seen: Seen = {
    counters: new Map(),
    gauges: new Map(),
    events: [],
    bad: [],
    packets: [],
  };
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  take(packet: Buffer): void {
    this.seen.packets.push(packet);
    if (packet.length > 1432) this.seen.bad.push(`a packet of ${packet.length} bytes`);
    for (const line of packet.toString().split("\n")) this.#line(line);
  }

  #line(line: string): void {
    const { counters, gauges, bad, events } = this.seen;
    if (this.#dialect === "dogstatsd" && EVENT.test(line)) {
      if (isEvent(line)) events.push(line);
      else bad.push(line);
      return;
    }
    const found = LINE[this.#dialect].exec(line);
    if (found === null) return void bad.push(line);
    const [, name, value = "", type, tags] = found;
    if (tags?.split(",").some((tag) => tag.length > 200)) bad.push(line);
    const key = tags === undefined ? `${name}` : `${name}#${tags}`;
    if (type === "c") counters.set(key, (counters.get(key) ?? 0) + Number(value));
    else
      gauges.set(
        key,
        value.startsWith("-") ? (gauges.get(key) ?? 0) + Number(value) : Number(value),
      );
  }
}

/** The sizes are bytes, and what is behind them begins where they end. */
function isEvent(line: string): boolean {
  const [head, title, text] = EVENT.exec(line) as unknown as [string, string, string];
  const rest = Buffer.from(line.slice(head.length));
  const [at, end] = [Number(title), Number(title) + 1 + Number(text)];
  const tail = rest.subarray(end).toString();
  return rest[at] === 124 && end <= rest.length && /^(\|d:\d+)?(\|#[^|]+)?$/.test(tail);
}

/** A server that reads strictly. */
export async function startServer(dialect: Dialect): Promise<Seen & { readonly port: number }> {
  const reader = new Reader(dialect);
  const socket = createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024 });
  socket.on("message", (packet) => reader.take(packet));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  return { ...reader.seen, port: (socket.address() as AddressInfo).port };
}
