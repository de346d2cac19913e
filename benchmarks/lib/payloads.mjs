// What the messages carry. Each one is a value of its own with its own number, so that a receiver can tell whether it
// got the right one, in order.
const MEASUREMENTS = [
  "requests",
  "errors",
  "latency.p50",
  "latency.p99",
  "heap",
  "rss",
  "lag",
  "cpu",
].map((name, index) => ({
  name,
  kind: index % 3 === 0 ? "counter" : "gauge",
  value: index * 211.5 + 0.25,
  at: 1_735_689_600_000 + index,
  labels: { shard: index % 2, zone: "b" },
}));
const LABELS = { region: "eu-1", zone: "b", image: "shop-front", release: "2025.1.0" };

// More buffers than are ever in flight, so that none is written while it is still being sent.
const BLOCKS = Array.from({ length: 32 }, (_, index) => Buffer.alloc(65_536, 0x41 + index));

function block(seq) {
  const bytes = BLOCKS[seq % BLOCKS.length];
  bytes.writeUInt32LE(seq, 0);
  return bytes;
}

export const PAYLOADS = {
  /** An object of about 100 bytes as JSON. */
  s100: (seq) => ({
    seq,
    type: "metric",
    name: "http.requests",
    value: 42.5,
    at: 1_735_689_600_000,
    host: "web-1",
  }),
  /** A nested object of about 1 KiB as JSON. */
  s1k: (seq) => ({
    seq,
    type: "report",
    app: "shop",
    pid: 4242,
    labels: LABELS,
    rows: MEASUREMENTS,
    note: "steady",
  }),
  /** 64 KiB of binary data. */
  b64k: block,
};

/** The number inside a payload, or -1 where it is none of ours. */
export function seqOf(payload) {
  if (payload === null || typeof payload !== "object") return -1;
  if (!ArrayBuffer.isView(payload)) return payload.seq ?? -1;
  if (payload.byteLength !== 65_536) return -1;
  return (payload[0] | (payload[1] << 8) | (payload[2] << 16) | (payload[3] << 24)) >>> 0;
}

/** For peers that speak JSON: binary data as base64, the cheapest form that JSON has for it. */
export const toJson = (payload) =>
  Buffer.isBuffer(payload) ? { base64: payload.toString("base64") } : payload;

export const fromJson = (payload) =>
  typeof payload?.base64 === "string" ? Buffer.from(payload.base64, "base64") : payload;
