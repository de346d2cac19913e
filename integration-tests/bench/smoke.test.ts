import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

interface Figure {
  median: number;
  min: number;
  max: number;
  n: number;
  ratio: number | null;
}
type Result = { bad: number } & Record<string, Figure | number | undefined>;
interface Output {
  meta: { node: string; cpus: number; reps: number; quick: boolean };
  skipped: Record<string, string>;
  errors: unknown[];
  results: Record<string, Record<string, Result>>;
}

const RUN = fileURLToPath(new URL("../../benchmarks/run.mjs", import.meta.url));
const PEERS = ["limit", "elpis", "process-send", "node-ipc"];
const RATES = ["rr.s100", "rr.s1k", "rr.b64k", "fan.s100", "one.s100"];

let dir: string;
let output: Output;
let printed: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "elpis-bench-smoke-"));
  const json = join(dir, "figures.json");
  // Nothing is fetched here: a rival that was never installed is skipped, with a reason.
  const flags = ["--quick", "--no-install", "--reps=2", "--ms=20", "--warm=5", `--json=${json}`];
  const { stdout } = await promisify(execFile)(process.execPath, [RUN, ...flags]);
  printed = stdout;
  output = JSON.parse(await readFile(json, "utf8"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** The figure in `field`, checked to be one that a measurement can give. */
function figure(peer: string, measure: string, field: string): Figure {
  const found = output.results[peer]?.[measure]?.[field];
  if (typeof found !== "object") throw new Error(`${peer} ${measure} has no ${field}`);
  expect(found.n).toBe(2);
  expect(found.min).toBeGreaterThan(0);
  expect(found.median).toBeGreaterThanOrEqual(found.min);
  expect(found.max).toBeGreaterThanOrEqual(found.median);
  expect(found.max).toBeLessThan(Number.POSITIVE_INFINITY);
  return found;
}

test("every peer is measured, or skipped with a reason", () => {
  expect(output.errors).toEqual([]);
  const seen = [...Object.keys(output.results), ...Object.keys(output.skipped)];
  expect(seen.sort()).toEqual([...PEERS].sort());
  // Only what comes from a registry may be missing.
  for (const [peer, reason] of Object.entries(output.skipped)) {
    expect(peer).toBe("node-ipc");
    expect(reason).toContain("not installed");
  }
});

test("every measure has figures, and no message was lost, changed or reordered", () => {
  for (const peer of Object.keys(output.results)) {
    for (const measure of RATES) {
      figure(peer, measure, "rate");
      expect(output.results[peer]?.[measure]?.bad, `${peer} ${measure}`).toBe(0);
    }
    const p50 = figure(peer, "lat.s100", "p50");
    expect(figure(peer, "lat.s100", "p99").median).toBeGreaterThanOrEqual(p50.median);
    expect(output.results[peer]?.["lat.s100"]?.bad).toBe(0);
  }
});

test("ratios are to the limit of the same run", () => {
  for (const measure of RATES) {
    const limit = figure("limit", measure, "rate");
    const elpis = figure("elpis", measure, "rate");
    expect(limit.ratio).toBe(1);
    expect(elpis.ratio).toBeCloseTo(elpis.median / limit.median, 10);
  }
});

test("the machine is noted and the table has a row for each peer", () => {
  expect(output.meta).toMatchObject({ node: process.version, reps: 2, quick: true });
  for (const peer of Object.keys(output.results)) {
    expect(printed).toMatch(new RegExp(`^${peer} .*\\(\\d+\\.\\d\\d\\)`, "m"));
  }
});
