import type { Point } from "@elpis/telemetry";
import { describe, expect, it } from "vitest";
import { freePort, get, waitFor } from "../process/support.ts";
import { type Family, startFamily, startMaster, total } from "./support.ts";

const INTERVAL_MS = 500;
/** How often the load asks, in a second. */
const RATE = 50;
const NAME = "http.server.request.duration";

interface Watched {
  /** Every sum that was ever told, and what it was last. */
  readonly last: ReadonlyMap<string, number>;
  readonly fallen: string[];
  reads: number;
  isOver: boolean;
}

const keyOf = (point: Point): string =>
  `${point.source.name} ${point.name} ${JSON.stringify(point.tags)}`;

/** Reads all the time, and writes down every sum that has fallen. */
function watch(family: Family): Watched {
  const last = new Map<string, number>();
  const state: Watched = { last, fallen: [] as string[], reads: 0, isOver: false };
  const take = (point: Point): void => {
    if (point.kind === "gauge" || point.kind === "upDownCounter") return;
    const key = keyOf(point);
    const value = point.kind === "counter" ? point.value : point.count;
    const before = last.get(key) ?? 0;
    if (value < before) state.fallen.push(`${key}: ${before} → ${value}`);
    last.set(key, value);
  };
  void (async () => {
    while (!state.isOver) {
      // Whoever merges is away for a moment: that is a gap, and no fall.
      const points = await family.points().catch(() => []);
      for (const point of points) take(point);
      state.reads += points.length > 0 ? 1 : 0;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return state;
}

describe("when processes are killed", () => {
  it("no sum falls at a reader, and no more than an interval is missing", async () => {
    const port = await freePort();
    const family = await startFamily({
      "agent.mjs": "",
      "elpis.config.mjs": `import { metrics } from "@elpis/metrics";
        export default { name: "death", agent: "./agent.mjs",
          processes: { web: { entry: "./web.mjs", scale: 2, ready: "listen", env: { PORT: "${port}" } } },
          plugins: [metrics({ intervalMs: ${INTERVAL_MS} })] };`,
      "web.mjs": `import { createServer } from "node:http";
        createServer((_, response) => response.end("hi")).listen(Number(process.env.PORT), "127.0.0.1");`,
    });
    const seen = watch(family);
    let answered = 0;
    let isOver = false;
    const load = (async () => {
      while (!isOver) {
        const answer = await get(port).catch(() => undefined);
        if (answer?.status === 200) answered += 1;
        await new Promise((resolve) => setTimeout(resolve, 1000 / RATE));
      }
    })();
    const told = async (): Promise<number> =>
      total(await family.points({ filter: { names: [NAME] } }).catch(() => []), NAME);
    const grows = async (what: string): Promise<void> => {
      const before = answered;
      await waitFor(`sums to grow after ${what}`, async () => (await told()) > before, 25_000);
    };
    await grows("the start");
    process.kill(await family.pidOf("web"), "SIGKILL");
    await grows("the death of a worker");
    process.kill(await family.pidOf("agent"), "SIGKILL");
    await grows("the death of the agent");
    const restarted = async (): Promise<readonly Point[]> =>
      family.points({ filter: { names: ["elpis.process.restarts"] } }).catch(() => []);
    await waitFor("the restarts to be told", async () => (await restarted()).length === 2);
    family.master.kill("SIGKILL");
    family.master = await startMaster(family.dir);
    await grows("the death of the master");
    isOver = true;
    await load;
    // Of three deaths each costs what a process had not told yet.
    const missing = 3 * RATE * (INTERVAL_MS / 1000) * 1.5;
    await waitFor("the last ones", async () => (await told()) >= answered - missing);
    seen.isOver = true;
    expect(seen.fallen).toEqual([]);
    expect(seen.reads).toBeGreaterThan(20);
    await waitFor("every sum to be told again", async () => {
      const now = new Set((await family.points()).map(keyOf));
      const gone = [...seen.last.keys()].filter((key) => !now.has(key));
      return gone.length === 0;
    });
    expect((await restarted()).map(({ tags }) => tags)).toEqual(
      expect.arrayContaining([
        { process: "web", cause: "signal" },
        { process: "agent", cause: "signal" },
      ]),
    );
  });
});
