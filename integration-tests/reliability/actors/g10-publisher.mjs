// Sends as fast as it may, and keeps account of what it is told was lost.
import { join, serve } from "../lib/actor.mjs";
import { now, turn } from "../lib/numbers.mjs";

const MAX_EVENTS = 4_000_000;
const BURST = 32;
const FILL = Buffer.alloc(1000, 7);

let client;
let n = 0;
const sentAt = new Float64Array(MAX_EVENTS);
/** By number of the receiver. */
const told = {};
const firstTold = {};
const pour = { sent: 0, since: 0, isOver: false, done: undefined };

serve({
  async begin({ hub }) {
    client = await join(hub, "publisher");
    client.onDropped?.(({ to, count }) => {
      told[to.id] = (told[to.id] ?? 0) + count;
      firstTold[to.id] ??= now();
    });
  },
  /** To all, as fast as the connection takes it. */
  async flood({ ms }) {
    const end = now() + ms;
    while (now() < end) {
      for (let i = 0; i < BURST; i++) {
        sentAt[n] = now();
        const sent = client.emit("g10.feed", { n, at: sentAt[n], fill: FILL });
        n++;
        if (i === BURST - 1) await sent;
      }
      await turn();
    }
    // What is still here leaves first.
    await client.peers({ id: 0 });
  },
  /** To one, each awaited. */
  pour({ id }) {
    pour.done = (async () => {
      while (!pour.isOver) {
        pour.since = now();
        await client.emit("g10.one", { n: pour.sent, at: pour.since, fill: FILL }, { to: { id } });
        pour.sent++;
        if (pour.sent % BURST === 0) await turn();
      }
    })();
    // Its end is awaited in stopPouring.
    pour.done.catch(() => {});
  },
  pouring: () => ({ sent: pour.sent, waitingMs: now() - pour.since }),
  async stopPouring() {
    pour.isOver = true;
    await pour.done;
    return pour.sent;
  },
  published: () => n,
  told: () => told,
  /** How long after event `n` was sent the first drop at a receiver was told, in milliseconds. */
  learned: (first) =>
    firstTold[first.id] === undefined ? null : firstTold[first.id] - sentAt[first.n],
});
