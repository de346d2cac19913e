import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const RUN = fileURLToPath(new URL("../../benchmarks/telemetry.mjs", import.meta.url));

interface Output {
  readonly hotPath: Record<string, Record<string, number>>;
  readonly pipeline: Record<string, number>;
  readonly cardinality: { readonly rssGrowthMiB: number; readonly isWhole: boolean };
  readonly rules: readonly (readonly [rule: string, holds: boolean])[];
}

// Takes half a minute, and measures what other tests see work.
const isWanted = process.env.ELPIS_BENCH !== undefined;
if (!isWanted) console.log("skipped: the benchmark of telemetry runs with ELPIS_BENCH=1");

test.runIf(isWanted)(
  "what measuring costs is measured, and what does not depend on the machine holds",
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [RUN, "--quick", "--json"]);
    const { hotPath, pipeline, cardinality, rules } = JSON.parse(stdout) as Output;
    expect(Object.keys(hotPath)).toContain("counter, bound");
    for (const byClient of Object.values(hotPath)) {
      for (const nanoseconds of Object.values(byClient)) expect(nanoseconds).toBeGreaterThan(0);
    }
    expect(pipeline.deltaBytes).toBeLessThan(10_000);
    expect(pipeline.idleDeltaBytes).toBeLessThan(300);
    expect(cardinality.isWhole).toBe(true);
    expect(cardinality.rssGrowthMiB).toBeLessThan(64);
    expect(rules.length).toBeGreaterThan(6);
  },
);
