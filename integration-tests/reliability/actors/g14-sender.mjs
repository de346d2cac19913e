// Numbers what it sends.
import { join, serve } from "../lib/actor.mjs";
import { count, pause, turn } from "../lib/numbers.mjs";

const BURST = 100;
const WINDOW = 64;

let client;
let s = 0;
let trickled = 0;
let isOver = false;
const failed = {};

/** Waits only when it is asked to, and now and then for the sockets. */
async function emitAll(howMany, topic, options) {
  for (let n = 1; n <= howMany; n++) {
    await client.emit(topic, { s, n }, options).catch((error) => count(failed, error.code));
    if (n % BURST === 0) await turn();
  }
}

async function askAll(howMany, id) {
  let n = 0;
  const ask = async () => {
    while (n < howMany) {
      await client
        .request("g14.call", { s, n: ++n }, { to: { id }, timeoutMs: 30_000 })
        .catch((error) => count(failed, error.code));
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, ask));
}

serve({
  async begin({ hub, index }) {
    s = index;
    client = await join(hub, "sender", { location: { index } });
  },
  async send({ ids, events, lane, calls }) {
    await Promise.all([
      emitAll(events, "g14.event"),
      ...ids.map((id) => emitAll(lane, "g14.lane", { to: { id } })),
      ...ids.map((id) => askAll(calls, id)),
    ]);
    return { failed };
  },
  /** Goes on at a gentle pace, whether there is a hub or not. */
  trickle() {
    void (async () => {
      while (!isOver) {
        await client.emit("g14.event", { s, n: ++trickled }).catch(() => {});
        await pause(1);
      }
    })();
  },
  hush() {
    isOver = true;
  },
});
