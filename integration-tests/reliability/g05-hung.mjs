#!/usr/bin/env node
// A worker is frozen, or its event loop is blocked: it gets no more work, a report is written, another one comes.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runtimeDir } from "@elpis/core";
import { fixture, freePort, HostedApplication, web } from "./lib/application.mjs";
import { signal } from "./lib/kernel.mjs";
import { HttpLoad } from "./lib/load.mjs";
import { count, counts, now, pause, percentile, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const RATE = 100;
/** When a process that was told to block does so. */
const BLOCKED_AFTER_MS = 50;

void program("G5", "who hangs gets no more work, and is replaced", async (run) => {
  const rounds = run.short ? 1 : 5;
  // The default, but for the short form.
  const intervalMs = run.short ? 500 : 1000;
  const port = await freePort();
  const app = await HostedApplication.start(run, {
    name: "g05",
    processes: {
      web: web(port, {
        entry: fixture("member"),
        env: { BLOCK_AFTER_MS: String(BLOCKED_AFTER_MS) },
        liveness: { interval: intervalMs },
      }),
    },
  });
  const settle = await app.busy();
  await until("heartbeats", () => beats(app));
  const load = await HttpLoad.begin(run, port, run.rate(RATE));
  for (const [what, hang] of [
    ["frozen", (pid) => load.doom([pid], "SIGSTOP")],
    ["blocked", (pid) => block(app, load, pid)],
  ]) {
    await hangs(run, app, { what, hang, rounds, intervalMs });
  }
  report(run, await load.end());
  await settle();
  // Last, as a master that is frozen answers nobody.
  await pauses(run, app, intervalMs);
});

/** Whether the master hears its workers. */
async function beats(app) {
  const { processes } = await app.status();
  return processes.some(({ vitals }) => vitals !== undefined);
}

/** Lets one worker hang after the other, and watches what is done about it. */
async function hangs(run, app, { what, hang, rounds, intervalMs }) {
  const seen = { silent: [], lastWork: [], replaced: [], noStack: {} };
  let reports = 0;
  let named = 0;
  for (let n = 0; n < rounds; n++) {
    const index = n % 2;
    const pid = (await app.pidsOf("web"))[index];
    const before = new Set(reportsOf(app));
    const stopProbing = await probe(run, app);
    const from = app.changes.length;
    const at = await hang(pid);
    const isIt = (one) => one.name === "web" && one.index === index;
    const silent = until("silence to be noticed", async () => {
      const { processes } = await app.status();
      const it = processes.find(isIt);
      return (it.silent === true || it.pid !== pid) && now();
    });
    const isNew = (one) => isIt(one) && one.state === "ready" && one.pid !== pid;
    const ready = await app.change("another one", isNew, from);
    seen.silent.push((await silent) - at);
    seen.replaced.push(ready.at - at);
    seen.lastWork.push(Math.max(0, (await stopProbing(pid)) - at));
    await until("the old one to be gone", () => !existsSync(`/proc/${pid}`), 15_000);
    const written = reportsOf(app).filter((file) => !before.has(file));
    const texts = written.map((file) => readFileSync(file, "utf8"));
    reports += texts.length > 0 ? 1 : 0;
    if (texts.some((text) => text.includes("blockedOnPurpose"))) named++;
    else for (const text of texts) count(seen.noStack, JSON.parse(text).noStack ?? "another stack");
    await app.settled();
  }
  const causes = (await app.status()).processes.map((one) => one.causes?.hung ?? 0);
  run.atMost(`${what}: silence noticed, latest`, Math.max(...seen.silent), 2 * intervalMs, "ms");
  run.atMost(`${what}: given work for, at most`, Math.max(...seen.lastWork), 2 * intervalMs, "ms");
  run.atMost(`${what}: replaced, latest`, Math.max(...seen.replaced), 3 * intervalMs, "ms");
  run.note(`${what}: replaced, p50`, percentile(seen.replaced, 0.5), "ms");
  run.exactly(`${what}: reports written`, reports, rounds);
  if (what === "blocked") {
    run.exactly(`${what}: reports that name the function`, named, rounds);
    run.note(`${what}: why others do not`, counts(seen.noStack));
  }
  run.atLeast(
    `${what}: restarts whose cause is hung`,
    causes.reduce((a, b) => a + b),
    rounds,
  );
}

/** A worker that was frozen for a moment, and all of them when it was the master itself, are left where they are. */
async function pauses(run, app, intervalMs) {
  const before = await app.pidsOf("web");
  const freeze = async (pid, ms) => {
    signal(pid, "SIGSTOP");
    await pause(ms);
    signal(pid, "SIGCONT");
    await pause(2 * intervalMs);
  };
  await freeze(before[0], intervalMs);
  run.exactly("worker frozen for a moment: stays", String(await app.pidsOf("web")), String(before));
  await freeze(app.pid, 4 * intervalMs);
  run.exactly("master frozen: workers stay", String(await app.pidsOf("web")), String(before));
}

/** Blocks the event loop of that process for longer than it has; returns since when. */
async function block(app, load, pid) {
  const client = await app.run.visitor(app.name);
  await client.request("g05.block", 60_000, { to: { name: "web", pid } });
  await pause(BLOCKED_AFTER_MS);
  return load.doom([pid], 0);
}

/** Calls that go to whoever is ready, all the time; tells when the last one was sent that went to the one with `pid`. */
async function probe(run, app) {
  const client = await run.visitor(app.name);
  const calls = [];
  let isOver = false;
  const probing = (async () => {
    while (!isOver) {
      const sent = now();
      const options = { to: { name: "web" }, timeoutMs: 10_000 };
      calls.push(
        client.request("g05.who", 0, options).then(
          (pid) => ({ sent, pid }),
          (error) => ({ sent, code: error.code }),
        ),
      );
      await pause(20);
    }
  })();
  return async (pid) => {
    isOver = true;
    await probing;
    const results = await Promise.all(calls);
    const there = results.filter((one) => one.pid === pid || one.code !== undefined);
    return there.at(-1)?.sent ?? 0;
  };
}

function reportsOf(app) {
  const dir = join(runtimeDir(app.name), "diagnostics");
  return existsSync(dir) ? readdirSync(dir).map((name) => join(dir, name)) : [];
}

/** What was in the hands of those who hung may be late or lost; nothing else. */
function report(run, { sent, lost, other, p99 }) {
  const outcomes = {};
  for (const { outcome } of other) count(outcomes, outcome);
  run.note("requests", sent);
  run.note("requests lost in the hands of the hung", lost.length);
  run.exactly("requests failed elsewhere", counts(outcomes), "none");
  run.note("answered, p99", p99, "ms");
}
