import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, test as anyTest, beforeAll, expect } from "vitest";

interface Line {
  what: string;
  cells: Record<string, { value: number; text: string }>;
  rule?: string;
  holds?: boolean;
}
interface Row {
  lines: Line[];
  missing: Record<string, string>;
  errors: Record<string, string>;
}
interface Output {
  meta: { node: string; short: boolean; systems: string[] };
  rows: Record<string, Row>;
}

const RUN = fileURLToPath(new URL("../../benchmarks/process/run.mjs", import.meta.url));
/** Those that need neither a rival nor much time. */
const ROWS = ["restart", "supervisor", "memory", "start", "logs"];
const SYSTEMS = ["elpis", "cluster", "bare"];

/** Takes the better part of a minute, and measures what other tests see work. */
const isWanted = process.env.ELPIS_BENCH !== undefined;
const test = anyTest.runIf(isWanted);
if (!isWanted) console.log("skipped: the benchmark of supervisors runs with ELPIS_BENCH=1");

let dir: string;
let output: Output;
let printed: string;

beforeAll(async () => {
  if (!isWanted) return;
  dir = await mkdtemp(join(tmpdir(), "elpis-bench-process-"));
  const json = join(dir, "figures.json");
  const flags = ["--short", `--only=${ROWS}`, `--systems=${SYSTEMS}`, `--json=${json}`];
  const { stdout } = await promisify(execFile)(process.execPath, [RUN, ...flags]);
  printed = stdout;
  output = JSON.parse(await readFile(json, "utf8"));
}, 400_000);
afterAll(() => (isWanted ? rm(dir, { recursive: true, force: true }) : undefined));

function lines(row: string): Line[] {
  return output.rows[row]?.lines ?? [];
}

/** The figure of a system in the line that begins so. */
function figure(row: string, what: string, system: string): number {
  const found = lines(row).find((line) => line.what.startsWith(what))?.cells[system]?.value;
  if (found === undefined) throw new Error(`${row} has no "${what}" of ${system}`);
  return found;
}

test("every row is there, and nothing has failed in it", () => {
  expect(Object.keys(output.rows).sort()).toEqual([...ROWS].sort());
  for (const row of ROWS) {
    expect(output.rows[row]?.errors, row).toEqual({});
    expect(output.rows[row]?.missing, row).toEqual({});
    expect(lines(row).length, row).toBeGreaterThan(0);
  }
});

test("every line has a figure of Elpis, and it is one that a measurement can give", () => {
  for (const row of ROWS) {
    for (const { what, cells } of lines(row)) {
      expect(Number.isFinite(cells.elpis?.value), what).toBe(true);
      // A difference to a bare process may be anything, and processor time is told in steps of ten milliseconds.
      if (!/over bare|processor time/.test(what))
        expect(cells.elpis?.value, what).toBeGreaterThan(0);
    }
  }
});

test("what is compared was measured in the same run", () => {
  expect(figure("restart", "worker killed", "cluster")).toBeGreaterThan(0);
  expect(figure("start", "start: from the command", "bare")).toBeGreaterThan(0);
  expect(figure("logs", "20,000 lines", "bare")).toBeGreaterThan(0);
  // Whoever supervises by Node alone holds more than nothing and less than a gigabyte.
  expect(figure("supervisor", "supervisor", "cluster")).toBeGreaterThan(10);
  expect(figure("supervisor", "supervisor", "cluster")).toBeLessThan(1024);
});

test("a rule is judged only where both figures are there", () => {
  const starts = lines("start").filter((line) => line.rule === "<= pm2");
  expect(starts.map((line) => line.holds)).toEqual([undefined, undefined]);
  const [memory] = lines("memory");
  expect(memory?.holds).toBe((memory?.cells.elpis?.value ?? 0) <= 6);
});

test("the table has a line for each, and the machine is noted", () => {
  expect(output.meta).toMatchObject({ node: process.version, short: true, systems: SYSTEMS });
  for (const { what } of ROWS.flatMap(lines)) expect(printed).toContain(what);
});
