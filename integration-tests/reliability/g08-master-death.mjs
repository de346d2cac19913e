#!/usr/bin/env node
// The master is killed: nobody of its family is left, or they go on and are taken over by the next one.
import { fixture, freePort, HostedApplication, web } from "./lib/application.mjs";
import { isAlive, signal } from "./lib/kernel.mjs";
import { ask, HttpLoad } from "./lib/load.mjs";
import { now, pause, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const ORPHANS_MS = 5000;
const LEFT_MS = 3000;
const RATE = 200;

void program("G8", "a killed master leaves no orphan, or its family to the next", async (run) => {
  const rounds = run.short ? 1 : 10;
  // Load belongs to every figure; the hub that carries it has a name of its own.
  const settle = await (await run.hub({ name: "bystander" })).busy();
  await run.parts(
    () => orphans(run, rounds),
    () => atOnce(run, run.short ? 1 : 5),
    () => survive(run, rounds),
  );
  await settle();
});

const restart = { minDelay: 50, maxDelay: 50, intensity: 100 };

async function family(run, name) {
  const port = await freePort();
  const config = {
    name,
    agent: fixture("idle"),
    processes: {
      web: web(port),
      frozen: { entry: fixture("idle"), restart },
      blocked: { entry: fixture("blocked"), liveness: false },
      // Not Node, with children of its own, one of which does not care about SIGTERM.
      program: { command: ["sh", "-c", "(trap '' TERM; sleep 301) & sleep 302; sleep 303"] },
    },
  };
  const app = await HostedApplication.start(run, config);
  return { app, port };
}

/** Those that cannot notice by themselves are ended as well; then all that they had can be had again. */
async function orphans(run, rounds) {
  let left = 0;
  const took = { gone: [], owned: [], served: [] };
  const { app, port } = await family(run, "g08");
  for (let n = 0; n < rounds; n++) {
    const pids = [...app.family().keys()];
    const [frozen] = await app.pidsOf("frozen");
    const slow = ask(port, "/slow?ms=500");
    await pause(50);
    signal(frozen, "SIGSTOP");
    const at = now();
    app.actor.kill();
    await app.actor.exited;
    run.exactly("request that a worker had is answered", (await slow).outcome, "ok");
    await until("all to be gone", () => !pids.some(isAlive), 3 * ORPHANS_MS).catch(() => {});
    took.gone.push(now() - at);
    left += pids.filter((pid) => isAlive(pid) && now() - at > ORPHANS_MS * run.stretch).length;
    run.exactly("port free", (await ask(port)).outcome, "ECONNREFUSED");
    const begun = now();
    const opening = app.open();
    await until("the hub to be owned", () => isOwned(run, app), 20_000);
    took.owned.push(now() - begun);
    await until("the port to be served", async () => (await ask(port)).outcome === "ok", 20_000);
    took.served.push(now() - begun);
    await opening;
  }
  run.note("processes in the family", [...app.family()].length);
  run.exactly("orphans after 5 s", left, 0);
  run.atMost("all gone, latest", Math.max(...took.gone), ORPHANS_MS, "ms");
  run.atMost("next master owns the hub, latest", Math.max(...took.owned), 1000, "ms");
  // The whole family is started in order first; in the short form two others are at the same time.
  const servedMs = run.short ? 3000 : 1000;
  run.atMost("next master serves the port, latest", Math.max(...took.served), servedMs, "ms");
  await app.actor.call("stop", { now: true });
  run.exactly("left after the stop", app.family().size, 0);
}

/** A service manager starts the next one while the old family is still leaving. */
async function atOnce(run, rounds) {
  const port = await freePort();
  const app = await HostedApplication.start(run, {
    name: "g08-at-once",
    processes: { web: web(port), idle: fixture("idle") },
  });
  const took = [];
  for (let n = 0; n < rounds; n++) {
    const pids = [...app.family().keys()];
    const slow = ask(port, "/slow?ms=1000");
    await pause(50);
    app.actor.kill();
    await app.actor.exited;
    const begun = now();
    const failure = await app.open().then(
      () => undefined,
      (error) => error.message,
    );
    took.push(now() - begun);
    run.exactly("started at once", failure ?? "well", "well");
    if (failure !== undefined) return;
    await slow;
    await until("the old family to be gone", () => !pids.some(isAlive), ORPHANS_MS);
    run.exactly(
      "started at once: answered by",
      (await isOwn(app, port)) ? "the new" : "?",
      "the new",
    );
  }
  run.note("started at once: ready, latest", Math.max(...took), "ms");
  await app.actor.call("stop");
}

async function isOwn(app, port) {
  const { pid } = await ask(port);
  return (await app.pidsOf("web")).includes(pid);
}

async function isOwned(run, app) {
  try {
    const client = await run.connect(app, "looker", { reconnect: false });
    const status = await client.request("elpis.status", {}, { to: { role: "master" } });
    await client.close();
    return status.pid === app.pid;
  } catch {
    return false;
  }
}

/** With `survive` they go on serving, and the next master takes them over as they are. */
async function survive(run, rounds) {
  const port = await freePort();
  const app = await HostedApplication.start(run, {
    name: "g08-survive",
    survive: true,
    processes: { web: web(port) },
  });
  const load = await HttpLoad.begin(run, port, run.rate(RATE));
  const adopted = [];
  let same = 0;
  for (let n = 0; n < rounds; n++) {
    const pids = await app.pidsOf("web");
    app.actor.kill();
    await app.actor.exited;
    // Those that do not survive have left by then.
    await pause(n === 0 ? LEFT_MS : 500);
    if (n === 0) run.exactly("survive: all go on without a master", pids.every(isAlive), true);
    const begun = now();
    await app.open();
    adopted.push(now() - begun);
    const after = await app.pidsOf("web");
    if (String(after) === String(pids)) same++;
    await pause(200);
  }
  load.allAnswered("survive", await load.end());
  run.exactly("survive: adoptions with the same pids", same, rounds);
  run.atMost("survive: adopted, latest", Math.max(...adopted), 2000, "ms");
  const [first] = await app.pidsOf("web");
  const from = app.changes.length;
  process.kill(first, "SIGKILL");
  const isBack = ({ name, state }) => name === "web" && state === "ready";
  await app.change("an adopted one to be replaced", isBack, from);
  await app.actor.call("stop");
  run.exactly("survive: left after the stop", app.family().size, 0);
}
