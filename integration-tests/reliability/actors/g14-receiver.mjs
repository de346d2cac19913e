// Checks that numbers only grow: per sender and class.
import { join, serve } from "../lib/actor.mjs";
import { now } from "../lib/numbers.mjs";

let client;
let got = 0;
let disorder = 0;
let gaps = 0;
let silent = 0;
let back = 0;
let sinceBack = 0;
const byKind = { event: 0, lane: 0, call: 0 };
/** By class and sender: the last number, and how often the connection had come back when it came. */
const last = new Map();

function take(kind, { s, n }) {
  got++;
  byKind[kind]++;
  sinceBack++;
  const key = `${kind}.${s}`;
  const before = last.get(key) ?? { n: 0, back };
  if (n <= before.n) disorder++;
  if (n > before.n + 1) {
    gaps++;
    if (back === before.back) silent++;
  }
  last.set(key, { n, back });
}

serve({
  async begin({ hub, index }) {
    client = await join(hub, "receiver", { location: { index } });
    client.on("g14.event", (message) => take("event", message));
    client.on("g14.lane", (message) => take("lane", message));
    client.handle("g14.call", (message) => take("call", message));
    client.onConnection?.(({ type }) => {
      if (type !== "back") return;
      back++;
      sinceBack = 0;
    });
    await client.peers({ id: 0 });
  },
  id: () => client.location.id,
  canReconnect: () => client.onConnection !== undefined,
  block(ms) {
    const end = now() + ms;
    while (now() < end);
  },
  report: () => ({ got, ...byKind, disorder, gaps, silent, back, sinceBack }),
});
