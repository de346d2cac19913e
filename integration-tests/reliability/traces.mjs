#!/usr/bin/env node
// Workers make spans by the thousand: the agent holds no more than it may, every trace that failed is kept whole, and all spans
// are accounted for.
import { fileURLToPath } from "node:url";
import { elpisJson, fixture, writeConfig } from "./lib/application.mjs";
import { rssOf } from "./lib/kernel.mjs";
import { MIB, now, pause, sum, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const WORKERS = 4;
/** Order, check, done; the question at both sides of the hub; work. */
const SPANS = 6;
const RATE = 5000;
const SHARE = 0.01;
const TRACE = fileURLToPath(import.meta.resolve("@elpis/trace"));

void program("TRACES", "every trace that failed is kept whole, in a bounded agent", async (run) => {
  const name = "traces";
  const processes = { spanner: { entry: fixture("spanner"), scale: WORKERS } };
  const config = { name, agent: { entry: fixture("idle") }, processes };
  const options = {
    sampling: { perSecond: 1e6, keep: { share: SHARE, slow: false } },
    cache: { maxTraces: 20_000, maxBytes: 64 * MIB },
    ignoreTopics: ["spans.begin", "spans.end"],
  };
  const text = `await (async () => {
  const { trace } = await import(${JSON.stringify(TRACE)});
  return { ...${JSON.stringify(config)}, plugins: [trace(${JSON.stringify(options)})] };
})()`;
  const { code, answer } = await elpisJson(run, ["start", writeConfig(run, config, text)]);
  run.exactly("elpis start", code, 0);
  const agent = answer.app.processes.find((one) => one.name === "agent").pid;
  const client = await run.visitor(name);
  const stats = () => client.request("elpis.trace.stats", {}, { timeoutMs: 10_000 });
  const all = async (topic, input) => {
    const answers = await client.map(topic, input, { timeoutMs: 10_000 });
    run.exactly(`${topic}: workers that answered`, answers.filter(({ ok }) => ok).length, WORKERS);
    return answers.filter(({ ok }) => ok).map(({ value }) => value);
  };
  const perSecond = run.rate(RATE);
  const lastsMs = run.short ? 8000 : 60_000;

  await all("spans.begin", perSecond / SPANS / WORKERS);
  const began = now();
  const memory = [];
  while (now() - began < lastsMs) {
    await pause(500);
    memory.push(rssOf(agent) / MIB);
  }
  const made = await all("spans.end", {});
  const tookMs = now() - began;
  const traces = sum(made.map((one) => one.traces));
  const failed = sum(made.map((one) => one.failed));
  const settled = await until(
    "all traces to be decided on",
    async () => {
      const found = await stats();
      const seen = found.spans + found.lostAtSender;
      return found.pending.traces === 0 && seen >= traces * SPANS && found;
    },
    60_000,
  );
  const kept = await failedOf(client);

  run.atLeast("spans each second", (traces * SPANS * 1000) / tookMs, 0.9 * perSecond);
  run.exactly("spans that are accounted for", settled.spans + settled.lostAtSender, traces * SPANS);
  run.note("spans that were lost, and counted", settled.lostAtSender + settled.lostHere);
  run.exactly("traces that failed and are kept", kept.length, failed);
  const whole = kept.filter(({ spans }) => spans === SPANS).length;
  run.exactly("traces that failed and are whole", whole, failed);
  run.atMost(
    "share of the others that is kept, over what was asked for",
    (settled.kept - failed) / (traces - failed) / SHARE,
    2,
  );
  // Until everything has been compiled, and one window of traces is there.
  const early = Math.max(...memory.slice(0, Math.ceil(memory.length / 3)));
  const late = Math.max(...memory.slice(-Math.ceil(memory.length / 3)));
  run.note("memory of the agent, at the start", memory[0], "MiB");
  run.atMost(
    "memory of the agent, growth from the first third to the last",
    late - early,
    48,
    "MiB",
  );
  run.atMost("memory of the agent, most", Math.max(...memory), 320, "MiB");
  const stopped = await elpisJson(run, ["stop", name]);
  run.exactly("elpis stop", stopped.code, 0);
});

/** All traces that are kept because something has failed. */
async function failedOf(client) {
  const items = [];
  for (;;) {
    const query = { statuses: ["error"], limit: 500, offset: items.length };
    const page = await client.request("elpis.trace.list", query, { timeoutMs: 10_000 });
    items.push(...page.items);
    if (page.items.length === 0 || items.length >= page.total) return items;
  }
}
