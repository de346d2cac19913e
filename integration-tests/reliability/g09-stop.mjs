#!/usr/bin/env node
// A stop: in reverse order, each step within its bound, and nothing is left; told twice, at once.
import { ForegroundApplication, fixture, freePort, web } from "./lib/application.mjs";
import { isAlive } from "./lib/kernel.mjs";
import { ask } from "./lib/load.mjs";
import { now, pause, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const STOP_MS = 500;
/** What lies between SIGTERM and SIGKILL for those who do not listen. */
const GRACE_MS = 1000;
/** What the end of a process may take beyond its bound. */
const SLACK_MS = 500;
/** In start order, with how long each may take: those that hear a stop end well within that. */
const STEPS = { base: STOP_MS, deaf: STOP_MS + GRACE_MS, stuck: STOP_MS + GRACE_MS, web: 5000 };

void program("G9", "a stop is in order, bounded, and whole", async (run) => {
  const settle = await (await run.hub({ name: "bystander" })).busy();
  const rounds = run.short ? 1 : 5;
  for (let n = 0; n < rounds; n++) {
    await run.parts(
      async () => graceful(run, await start(run, `g09-${n}`)),
      async () => impatient(run, await start(run, `g09-now-${n}`)),
    );
  }
  await settle();
});

async function start(run, name) {
  const port = await freePort();
  const stopTimeout = STOP_MS;
  const app = await ForegroundApplication.start(run, {
    name,
    agent: fixture("idle"),
    processes: {
      base: { entry: fixture("idle"), stopTimeout, order: 1 },
      // Hears SIGTERM and does not mind; has a child in its group that does the same.
      deaf: {
        command: ["sh", "-c", "trap '' TERM; sleep 301 & while :; do sleep 1; done"],
        ...{ stopTimeout, order: 2 },
      },
      stuck: { entry: fixture("blocked"), liveness: false, stopTimeout, order: 3 },
      web: web(port, { stopTimeout: 5000, order: 4 }),
    },
  });
  const status = await app.status();
  const family = [...app.family().keys()];
  return { app, port, family, processes: status.processes.filter(({ role }) => role !== "master") };
}

/** Told once. */
async function graceful(run, { app, port, family, processes }) {
  const ends = watchEnds(processes);
  const slow = ask(port, "/slow?ms=700");
  await pause(50);
  const at = now();
  app.command.kill("SIGTERM");
  const { code } = await app.command.exited;
  const tookMs = now() - at;
  const ended = await ends();
  run.exactly("exit code", code, 0);
  run.exactly("request under way", (await slow).outcome, "ok");
  run.exactly("left of the tree", family.filter(isAlive).length, 0);
  const groups = [...Object.keys(STEPS), "agent"];
  const last = (name) => Math.max(...processes.filter((one) => one.name === name).map(ended));
  const first = (name) => Math.min(...processes.filter((one) => one.name === name).map(ended));
  const order = ["agent", "base", "deaf", "stuck", "web"];
  const early = order.slice(1).filter((name, n) => last(name) > first(order[n]));
  run.exactly("ended before its turn", early.join(", ") || "none", "none");
  let begun = at;
  for (const name of [...Object.keys(STEPS)].reverse()) {
    const bound = STEPS[name] + SLACK_MS;
    run.atMost(`step ${name}`, last(name) - begun, bound, "ms");
    begun = last(name);
  }
  const sum = Object.values(STEPS).reduce((all, one) => all + one, 0) + groups.length * SLACK_MS;
  run.atMost("whole stop", tookMs, sum, "ms");
}

/** Told twice. */
async function impatient(run, { app, port, family }) {
  const slow = ask(port, "/slow?ms=30000");
  await pause(50);
  app.command.kill("SIGTERM");
  await until("the stop to begin", () => /stopping/.test(app.command.stderr()));
  // Sooner it would count as the same signal, passed on.
  await pause(300);
  const at = now();
  app.command.kill("SIGTERM");
  const { code } = await app.command.exited;
  run.atMost("told twice: over", now() - at, 500, "ms");
  run.exactly("told twice: exit code", code, 130);
  run.exactly("told twice: left of the tree", family.filter(isAlive).length, 0);
  run.note("told twice: request under way", (await slow).outcome);
}

/** Notes when each process ends. */
function watchEnds(processes) {
  const ends = new Map();
  const watching = (async () => {
    while (ends.size < processes.length) {
      for (const { pid } of processes) if (!ends.has(pid) && !isAlive(pid)) ends.set(pid, now());
      await pause(5);
    }
  })();
  return async () => {
    await watching;
    return ({ pid }) => ends.get(pid);
  };
}
