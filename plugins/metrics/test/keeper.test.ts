import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Aggregator,
  createAggregator,
  createDeltaSender,
  createStore,
  type Point,
  provideActiveTrace,
  type Store,
} from "@elpis/telemetry";
import { tempDir, waitFor } from "@elpis/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { OwnSums } from "../src/keeper/own-sums.ts";
import { listGroups, listNames, pointsPage } from "../src/keeper/query.ts";
import { SnapshotFile } from "../src/keeper/snapshot-file.ts";
import { schema } from "../src/options.ts";

async function folder(): Promise<string> {
  const dir = await tempDir();
  onTestFinished(() => dir[Symbol.asyncDispose]());
  return dir.path;
}

async function filled(
  more: (store: Store) => void = () => {},
): Promise<ReturnType<typeof createAggregator>> {
  const aggregator = createAggregator();
  const store = createStore();
  const counter = store.counter("requests", { group: "http" });
  for (let at = 0; at < 1500; at++) counter.add(1, { id: "x".repeat(200) + at });
  const histogram = store.histogram("sizes", { group: "shop", unit: "By" });
  for (let at = 1; at < 1000; at++) histogram.record(at);
  more(store);
  const source = { app: "shop", name: "web", index: 0, epoch: 1 };
  const sender = createDeltaSender({
    store,
    send: async (delta) => aggregator.take(source, delta),
  });
  await sender.close();
  return aggregator;
}

describe("questions for points", () => {
  it("are answered in pages that fit into a message", async () => {
    const aggregator = await filled();
    const found: Point[] = [];
    for (;;) {
      const { points, total } = pointsPage(aggregator, { offset: found.length });
      expect(JSON.stringify(points).length).toBeLessThan(1_000_000);
      found.push(...points);
      if (found.length >= total) break;
    }
    const bare = (points: readonly Point[]): unknown[] =>
      points.map(({ time: _, ...rest }) => rest);
    expect(bare(found)).toEqual(bare(aggregator.readPoints()));
    expect(pointsPage(aggregator, { limit: 3 }).points).toHaveLength(3);
  });

  it("fit with exemplars as well", async () => {
    const trace = { traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true };
    onTestFinished(provideActiveTrace(() => trace));
    const aggregator = await filled((store) => {
      const times = store.histogram("times");
      for (let id = 0; id < 1900; id++) {
        for (const value of [1, 10, 100, 1000]) times.record(value, { id });
      }
    });
    const query = { filter: { names: ["times"] }, noBuckets: true };
    const { points, total } = pointsPage(aggregator, query);
    expect(total).toBe(1900);
    expect(points[0]).toMatchObject({ exemplars: [{ value: 1 }, {}, {}, { value: 1000 }] });
    expect(JSON.stringify(points).length).toBeLessThan(1_000_000);
  });

  it("can do without buckets", async () => {
    const aggregator = await filled();
    const filter = { groups: ["shop"] };
    const [whole] = pointsPage(aggregator, { filter }).points;
    const [bare] = pointsPage(aggregator, { filter, noBuckets: true }).points;
    if (whole?.kind !== "histogram" || bare?.kind !== "histogram") throw new Error("no histogram");
    expect(whole.buckets.counts.length).toBeGreaterThan(50);
    expect([bare.buckets.counts.length, bare.p99]).toEqual([0, whole.p99]);
  });

  it("are checked", async () => {
    const aggregator = createAggregator();
    const wrong = [
      null,
      { scope: "world" },
      { filter: { colours: [] } },
      { filter: { names: "a" } },
      { filter: { levels: ["loud"] } },
      { offset: -1 },
      { limit: 1.5 },
      { noBuckets: 1 },
      { since: 1 },
    ];
    for (const query of wrong) {
      expect(() => pointsPage(aggregator, query), JSON.stringify(query)).toThrow(
        expect.objectContaining({ code: "ELPIS_METRICS_BAD_QUERY" }),
      );
    }
  });

  it("lists names and groups", async () => {
    const aggregator = await filled();
    expect(listNames(aggregator, { group: "shop" })).toEqual([
      {
        name: "sizes",
        kind: "histogram",
        unit: "By",
        description: "",
        group: "shop",
        level: "normal",
      },
    ]);
    expect(listGroups(aggregator)).toEqual(
      expect.arrayContaining([
        { group: "http", names: 1 },
        { group: "shop", names: 1 },
      ]),
    );
  });
});

describe("sums on a disk", () => {
  it("are whole at any time, and for nobody else to read", async () => {
    const path = await folder();
    const dir = join(path, "metrics");
    let count = 0;
    const file = new SnapshotFile(
      dir,
      (isFinal) => ({ count: ++count, isFinal }),
      () => {},
    );
    expect(file.read()).toBeUndefined();
    file.want();
    file.want();
    await waitFor(() => file.counts.written === 2, { what: "two writes" });
    expect(file.read()).toEqual({ count: 2, isFinal: false });
    if (process.platform !== "win32")
      expect(statSync(join(dir, "sums.json")).mode & 0o777).toBe(0o600);
    file.close(true);
    expect(file.read()).toEqual({ count: 3, isFinal: true });
    file.want();
    expect(count).toBe(3);
  });

  it("begin anew when they cannot be read, and are left to a successor", async () => {
    const path = await folder();
    writeFileSync(join(path, "sums.json"), "{");
    const file = new SnapshotFile(
      path,
      () => ({}),
      () => {},
    );
    expect(file.read()).toBeUndefined();
    file.close(false);
    expect(readFileSync(join(path, "sums.json"), "utf8")).toBe("{");
  });

  it("tell once that they cannot be written", async () => {
    const path = await folder();
    writeFileSync(join(path, "file"), "");
    const problems: string[] = [];
    const dir = join(path, "file", "below");
    const file = new SnapshotFile(
      dir,
      () => ({}),
      ({ message }) => void problems.push(message),
    );
    file.want();
    await waitFor(() => file.counts.failed === 1, { what: "a failure" });
    file.want();
    await waitFor(() => file.counts.failed === 2, { what: "another one" });
    expect(problems).toHaveLength(1);
    expect(existsSync(dir)).toBe(false);
  });
});

describe("what the process that merges counts itself", () => {
  const source = { app: "shop", name: "agent", index: 0, epoch: 1 };
  const start = (dir: string, restore?: unknown) => {
    const aggregator = createAggregator({ ...(restore !== undefined && { restore }) });
    const problems: string[] = [];
    const own = new OwnSums({
      aggregator,
      source,
      dir,
      isWanted: () => true,
      onProblem: ({ message }) => void problems.push(message),
    });
    own.restore(60_000);
    return { aggregator, own, problems };
  };
  const jobs = (aggregator: Aggregator): readonly Point[] =>
    aggregator.readPoints({ filter: { names: ["jobs"] } });
  const jobsOf = ({ aggregator }: ReturnType<typeof start>): unknown =>
    jobs(aggregator).map((point) => point.kind === "counter" && [point.value, point.start]);

  it("was on the disk before anybody could read it, however it ends", async () => {
    const dir = await folder();
    const first = start(dir);
    const store = createStore();
    const counter = store.counter("jobs");
    counter.add(1);
    const sender = createDeltaSender({ store, send: (one) => first.own.take(one), isWhole: true });
    await sender.flush();
    const snapshot = JSON.parse(JSON.stringify(first.aggregator.snapshot()));
    for (const restore of [snapshot, undefined]) {
      const before = jobsOf(start(dir, restore));
      expect(before, "with what it had told last").toEqual([[1, expect.any(Number)]]);
    }
    counter.add(4);
    expect(await sender.flush()).toBe(true);
    const now = jobsOf(first);
    expect(now).toEqual([[5, store.startTime]]);
    const second = start(dir, snapshot);
    expect(jobsOf(second)).toEqual(now);
    expect(second.aggregator.stats().lostProcesses).toBe(0);
  });

  it("counts as well where nothing can be written, which is told once", async () => {
    const dir = join(await folder(), "file");
    writeFileSync(dir, "");
    const { aggregator, own, problems } = start(dir);
    const store = createStore();
    store.counter("jobs").add(1);
    const sender = createDeltaSender({ store, send: (one) => own.take(one), isWhole: true });
    expect(await sender.flush()).toBe(true);
    expect(await sender.flush()).toBe(true);
    expect(jobs(aggregator)).toMatchObject([{ value: 1 }]);
    expect(problems).toHaveLength(1);
  });

  it("is left where what is there makes no sense", async () => {
    const dir = await folder();
    writeFileSync(
      join(dir, "own.json"),
      JSON.stringify({ source, deltas: [{ time: Date.now() }] }),
    );
    const { aggregator, problems } = start(dir);
    expect(aggregator.readPoints()).toEqual([]);
    expect(problems).toHaveLength(1);
  });
});

describe("options", () => {
  const problems = (value: unknown): string[] => {
    const result = schema["~standard"].validate(value) as {
      issues?: ReadonlyArray<{ path?: ReadonlyArray<unknown>; message: string }>;
    };
    return (result.issues ?? []).map(({ path, message }) => `${path?.join(".")}: ${message}`);
  };

  it("are taken", () => {
    const good = {
      intervalMs: 1000,
      collectors: { pressure: false },
      levels: { errors: "critical" },
      limits: { series: 10 },
      openTelemetry: false,
      keep: false,
      expireAfter: "1h",
    };
    expect(problems(good)).toEqual([]);
    expect(problems({ collectors: false })).toEqual([]);
  });

  it("are refused with what is wrong", () => {
    expect(problems({ intervalMs: 1 })[0]).toMatch(/^intervalMs: expected milliseconds from 100/);
    expect(problems({ collectors: { cpus: true } })[0]).toMatch(
      /^collectors.cpus: unknown key; known are cpu/,
    );
    expect(problems({ collectors: true })[0]).toBe(
      "collectors: expected false, or an object, got true",
    );
    expect(problems({ levels: { cpu: "loud" } })[0]).toMatch(
      /^levels.cpu: expected one of critical/,
    );
    expect(problems({ interval: 1 })[0]).toMatch(/^interval: unknown key/);
    expect(problems({ expireAfter: "soon" })[0]).toMatch(/^expireAfter: expected a time span/);
  });
});
