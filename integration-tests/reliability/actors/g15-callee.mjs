// Holds calls and notes when it is told that nobody waits any more.
import { join, serve } from "../lib/actor.mjs";
import { now, pause } from "../lib/numbers.mjs";

let held = 0;
let runs = 0;
let aborted = [];

function busy(ms) {
  const end = now() + ms;
  while (now() < end);
}

serve({
  async begin({ hub }) {
    const client = await join(hub, "callee");
    client.handle("g15.hold", (_, { signal }) => {
      held++;
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          aborted.push(now());
          resolve();
        });
      });
    });
    client.handle(
      "g15.line",
      async (ms) => {
        runs++;
        if (ms > 0) await pause(ms);
      },
      { concurrency: 1 },
    );
    client.handle("g15.run", () => {
      runs++;
    });
    client.handle("g15.slow", busy);
    client.handle("g15.mark", () => true);
    await client.peers({ id: 0 });
    return client.location.id;
  },
  forget() {
    held = 0;
    runs = 0;
    aborted = [];
  },
  block: (ms) => void setTimeout(busy, 5, ms),
  held: () => held,
  runs: () => runs,
  aborted: () => aborted,
});
