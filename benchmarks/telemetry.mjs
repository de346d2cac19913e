#!/usr/bin/env node
// What measuring costs: the process that measures, the bytes, the agent. See README.md.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { format, table } from "./lib/stats.mjs";
import { CLIENTS } from "./telemetry/clients.mjs";
import { measureHotPath } from "./telemetry/hot-path.mjs";
import { measurePipeline } from "./telemetry/pipeline.mjs";

const LIMITS_NS = { "counter, bound": 40, "histogram, bound": 80 };
/** On top of what a value of a histogram costs while nobody traces. */
const MAX_TRACED_NS = 150;
const MAX_AGENT_PERCENT = 3;
const MAX_RSS_MIB = 32;
const MIN_THROUGHPUT = 0.97;
const MAX_REPORTERS_PERCENT = 5;
const MAX_REPORTERS_MIB = 60;

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
  },
});

/** Measures in a process of its own, so that nothing else is in its memory. */
async function measureApart(name, ...args) {
  const file = fileURLToPath(new URL(`./telemetry/${name}.mjs`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", file, ...args]);
  return JSON.parse(stdout);
}

/** What was promised, and whether it holds in this run. */
function judge({ hotPath, exemplars, pipeline, cardinality, throughput, reporters }) {
  const rules = Object.entries(hotPath).map(([action, byClient]) => {
    const { elpis, ...rivals } = byClient;
    const limit = LIMITS_NS[action] ?? Number.POSITIVE_INFINITY;
    const isFastest = elpis <= Math.min(...Object.values(rivals));
    const also = Number.isFinite(limit) ? `, nor than ${limit} ns` : "";
    return [`${action}: not slower than the fastest rival${also}`, isFastest && elpis <= limit];
  });
  return [
    ...rules,
    [
      `histogram, in a trace: not more than ${MAX_TRACED_NS} ns on top, also when each value is kept`,
      Math.max(exemplars.inTraceNs, exemplars.eachKeptNs) - exemplars.untracedNs <= MAX_TRACED_NS,
    ],
    [
      `agent: at most ${MAX_AGENT_PERCENT} % of a core for 32 processes with 500 series each 5 s`,
      pipeline.agentCorePercent <= MAX_AGENT_PERCENT,
    ],
    [
      `10⁶ values of a tag: at most ${MAX_RSS_MIB} MiB, and no count lost`,
      cardinality.rssGrowthMiB <= MAX_RSS_MIB && cardinality.isWhole,
    ],
    [
      `the shop answers at least ${MIN_THROUGHPUT} of the requests that it answers without metrics`,
      throughput.ratio >= MIN_THROUGHPUT,
    ],
    [
      `${reporters.reporters} reporters at their interval: at most ${MAX_REPORTERS_PERCENT} % of a core and ${MAX_REPORTERS_MIB} MiB`,
      reporters.agentCorePercent <= MAX_REPORTERS_PERCENT &&
        reporters.rssGrowthMiB <= MAX_REPORTERS_MIB &&
        reporters.itemsLost === 0,
    ],
  ];
}

const results = {
  node: process.version,
  hotPath: measureHotPath(flags.quick ? 5 : 25),
  exemplars: await measureApart("exemplars", flags.quick ? "5" : "25"),
  pipeline: measurePipeline(flags.quick ? 20 : 200),
  cardinality: await measureApart("cardinality"),
  throughput: await measureApart("throughput", ...(flags.quick ? ["4", "1500"] : [])),
  reporters: await measureApart("reporters", "60000", flags.quick ? "5" : "15"),
};
const rules = judge(results);
if (flags.json) console.log(JSON.stringify({ ...results, rules }, null, 1));
else {
  const clients = Object.keys(CLIENTS);
  const rows = Object.entries(results.hotPath).map(([action, byClient]) => [
    action,
    ...clients.map((client) => format(byClient[client] ?? Number.NaN)),
  ]);
  console.log(`Nanoseconds of processor time for one call, medians, Node ${results.node}\n`);
  console.log(table([["", ...clients], ...rows]));
  for (const part of ["exemplars", "pipeline", "cardinality", "throughput", "reporters"]) {
    console.log(`\n${part}`);
    const figures = Object.entries(results[part]).map(([name, value]) => [
      name,
      typeof value === "number" ? format(value) : String(value),
    ]);
    console.log(table([["", "figure"], ...figures]));
  }
  console.log();
  for (const [rule, holds] of rules) console.log(`${holds ? "holds" : "DOES NOT HOLD"}  ${rule}`);
}
if (flags.strict && rules.some(([, holds]) => !holds)) process.exitCode = 1;
