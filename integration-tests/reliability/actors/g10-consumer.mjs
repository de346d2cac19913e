// Counts what comes, and how late.
import { join, serve } from "../lib/actor.mjs";
import { now, percentile } from "../lib/numbers.mjs";

const EVERY = 8;

let client;
let got = 0;
let next = 0;
let disorder = 0;
let firstMissing;
let took = [];

function take({ n, at }) {
  got++;
  if (n < next) disorder++;
  if (n > next) firstMissing ??= next;
  next = n + 1;
  if (n % EVERY === 0) took.push(now() - at);
}

serve({
  async begin({ hub, index }) {
    client = await join(hub, "consumer", { location: { index } });
    client.on("g10.feed", take);
    client.on("g10.one", take);
    await client.peers({ id: 0 });
    return client.location.id;
  },
  report: () => ({ got, disorder, firstMissing: firstMissing ?? next }),
  /** p99 since the last look, in milliseconds. */
  latency() {
    const p99 = percentile(took, 0.99);
    took = [];
    return p99;
  },
  forget() {
    got = 0;
    next = 0;
    disorder = 0;
    firstMissing = undefined;
  },
});
