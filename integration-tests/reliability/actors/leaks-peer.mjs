// Comes and goes, and does everything that has an end.
import { join, serve } from "../lib/actor.mjs";
import { count, until } from "../lib/numbers.mjs";

const SIDE_BY_SIDE = 16;
const IN_FLIGHT = 1000;

let client;

/** Does something so many times, some of them side by side; how often it worked, and how it failed. */
async function repeat(times, sideBySide, deed) {
  const result = { times: 0, failed: {} };
  let next = 0;
  const go = async () => {
    while (next < times) {
      try {
        await deed(next++);
        result.times++;
      } catch (error) {
        count(result.failed, error.code ?? String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, go));
  return result;
}

async function begin({ hub }) {
  client ??= await join(hub, "leaker");
}

serve({
  /** Joins and leaves. */
  attach: ({ hub, times }) =>
    repeat(times, SIDE_BY_SIDE, async () => {
      const visitor = await join(hub, "leaker");
      await visitor.close();
    }),
  /** Listens to, and handles, a topic that nobody ever used. */
  async listen({ hub, times, index }) {
    await begin({ hub });
    return repeat(times, SIDE_BY_SIDE, async (n) => {
      const off = [
        client.on(`leak.on.${index}.${n}`, () => {}),
        client.handle(`leak.do.${index}.${n}`, () => {}),
      ];
      // The hub has heard it all before it goes on.
      await client.peers({ id: 0 });
      for (const end of off) end();
    });
  },
  /** Sends on a topic that nobody listens to, with a selector of its own. */
  async emit({ hub, times, index }) {
    await begin({ hub });
    return repeat(times, SIDE_BY_SIDE, async (n) => {
      await client.emit(`leak.emit.${index}.${n}`, n, { to: { index: n } });
      await client.peers({ id: 0 });
    });
  },
  /** Publishes an object and takes it back. */
  async publish({ hub, times, index }) {
    await begin({ hub });
    return repeat(times, SIDE_BY_SIDE, async (n) => {
      const off = await client.publish(
        `leak-${index}-${n}`,
        { ping: () => n },
        { methods: ["ping"] },
      );
      off();
    });
  },
  /** Asks itself what it never answers. */
  async timeout({ hub, times, index }) {
    await begin({ hub });
    const off = client.handle(`leak.never.${index}`, () => new Promise(() => {}));
    const to = { id: client.location.id };
    const result = await repeat(times, IN_FLIGHT, async (n) => {
      const timeoutMs = 1 + (n % 20);
      await client.request(`leak.never.${index}`, n, { to, timeoutMs }).then(
        () => {
          throw new Error("answered");
        },
        (error) => {
          if (error.code !== "ELPIS_HUB_DEADLINE") throw error;
        },
      );
    });
    off();
    return result;
  },
  /** Opens a stream to itself and leaves it after the first item. */
  async stream({ hub, times, index }) {
    await begin({ hub });
    const off = client.serve(`leak.flow.${index}`, async function* () {
      for (;;) yield 1;
    });
    const to = { id: client.location.id };
    const result = await repeat(times, SIDE_BY_SIDE, async (n) => {
      for await (const _ of client.stream(`leak.flow.${index}`, n, { to, window: 4 })) break;
    });
    off();
    return result;
  },
  /** Sets a value under a key that nobody ever used, and removes it. */
  async config({ hub, times, index }) {
    await begin({ hub });
    return repeat(times, SIDE_BY_SIDE, async (n) => {
      await client.config.set(`leak.${index}.${n}`, n);
      await client.config.delete(`leak.${index}.${n}`);
    });
  },
  /** Puts a job in line and does it. */
  async job({ hub, times, index }) {
    await begin({ hub });
    const topic = `leak.job.${index}`;
    let done = 0;
    const off = client.work(topic, () => done++, { concurrency: SIDE_BY_SIDE });
    const result = await repeat(times, SIDE_BY_SIDE, (n) => client.enqueue(topic, n));
    await until("the jobs to be done", () => done >= result.times);
    off();
    return result;
  },
  leave: () => client.close(),
});
