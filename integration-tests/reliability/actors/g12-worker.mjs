// Takes jobs. That it begins one, and that it has done it, it writes down at once: that is known even when it is killed.
import { openSync, writeSync } from "node:fs";
import { join, serve } from "../lib/actor.mjs";
import { now, pause } from "../lib/numbers.mjs";

function book(file) {
  const fd = openSync(file, "w");
  const record = Buffer.alloc(16);
  return (n, attempt, isDone) => {
    record.writeUInt32LE(n);
    record.writeUInt16LE(attempt, 4);
    record.writeUInt16LE(isDone ? 1 : 0, 6);
    record.writeDoubleLE(now(), 8);
    writeSync(fd, record);
  };
}

/** The hub may be down just now. */
async function joinSoon(hub) {
  const end = now() + 10_000;
  for (;;) {
    try {
      return await join(hub, "worker");
    } catch (error) {
      if (now() > end) throw error;
      await pause(20);
    }
  }
}

serve({
  /** @param takes how long a job takes, in milliseconds @param fails whether each one fails */
  async begin({ hub, topic, file, concurrency, takes, fails }) {
    const note = book(file);
    const client = await joinSoon(hub);
    const work = async ({ n }, { attempt }) => {
      note(n, attempt, false);
      await pause(takes ?? n % 3);
      if (fails === true) throw new Error("this one always fails");
      note(n, attempt, true);
    };
    client.work(topic, work, { concurrency });
    await client.peers({ id: 0 });
  },
});
