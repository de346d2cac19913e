#!/usr/bin/env node
// Of each time of a task exactly one run counts, though those that run it are killed and frozen; and one that blocks blocks
// nobody else.
import { fixture, freePort, HostedApplication, PATIENT, web } from "./lib/application.mjs";
import { isAlive, signal } from "./lib/kernel.mjs";
import { HttpLoad } from "./lib/load.mjs";
import { counts, now, pause, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const WORKERS = 8;

void program("SCHEDULE", "each run in exactly one process, whatever becomes of it", async (run) => {
  await ticks(run);
  await run.parts(
    () => succession(run),
    () => blocked(run),
  );
});

/** The chosen process is killed again and again, and frozen for longer than its lease. */
async function ticks(run) {
  const every = run.short ? 250 : 1000;
  const app = await HostedApplication.start(run, {
    name: "schedule",
    processes: {
      worker: {
        entry: fixture("task-worker"),
        scale: WORKERS,
        restart: PATIENT,
        // A frozen one is to thaw again, not to be replaced.
        liveness: false,
        env: { WORK_MS: String(every * 0.8) },
      },
    },
    schedule: {
      lease: run.short ? 800 : 2000,
      tasks: { tick: { every, overlap: "allow", retries: { lost: 100 } } },
    },
  });
  const ledger = run.start("ledger");
  await ledger.call("open", { hub: app.name });
  const settle = await app.busy();
  const { kills, zombies } = await (run.short ? briefly(app, ledger) : atLength(app, ledger));
  if (run.short) await until("some more times", () => ledger.call("holds", 20), 30_000);
  await app.ask("elpis.tasks.pause", { task: "tick" });
  const status = await rested(app);
  const { ids, later, refused, repeated, commits } = await ledger.call("report");
  const { done, failed, timeout, lost, skipped, missed } = status.counts;
  const times = Math.round((status.last.scheduledAt - timeOf(ids[0])) / every) + 1;
  run.note(`${WORKERS} processes, a run each ${every} ms: chosen ones killed`, kills);
  run.atLeast("times that came", times, run.short ? 20 : 590);
  run.exactly("times with exactly one effect", ids.length, times);
  run.exactly("times that were done, by the coordinator", done, times);
  run.exactly("times left out or given up", counts({ failed, timeout, skipped, missed }), "none");
  run.atLeast("attempts lost with their processes", lost, kills);
  run.note("times done by a later attempt", later);
  run.atMost("effects tried again by a later attempt", repeated, kills + zombies);
  run.exactly("frozen beyond their lease: writes refused by the token", refused.length, zombies);
  run.exactly(
    "frozen beyond their lease: commits refused",
    commits.ELPIS_SCHEDULE_FENCED ?? 0,
    zombies,
  );
  const { ELPIS_SCHEDULE_FENCED: _, accepted, ...others } = commits;
  run.exactly("other commits refused", counts(others), "none");
  run.atLeast("commits accepted", accepted, times - kills - zombies);
  await settle();
  await app.actor.call("stop");
}

/** A few kills, and one freeze. */
async function briefly(app, ledger) {
  const kills = 5;
  for (let n = 0; n < kills; n++) {
    await kill(app);
    await pause(500);
    if (n === 1) await zombie(app, ledger);
  }
  return { kills, zombies: 1 };
}

/** Ten minutes, with a kill each 20 seconds and a freeze each two minutes. */
async function atLength(app, ledger) {
  const begun = now();
  let kills = 0;
  let zombies = 0;
  while (now() < begun + 600_000) {
    if (now() >= begun + 30_000 + zombies * 120_000) {
      await zombie(app, ledger);
      zombies++;
    } else if (now() >= begun + 10_000 + kills * 20_000) {
      await kill(app);
      kills++;
    }
    await pause(50);
  }
  return { kills, zombies };
}

async function kill(app) {
  while (!signal((await chosen(app)).pid, "SIGKILL"));
}

/** How the task is once all of its runs are over. */
function rested(app) {
  return until(
    "all runs to be over",
    async () => {
      // Its master may be another one since.
      const { tasks } = await app.ask("elpis.tasks.list").catch(() => ({ tasks: [] }));
      return tasks[0]?.runs.length === 0 && tasks[0];
    },
    30_000,
  );
}

/** The process that has the newest run. */
async function chosen(app) {
  return await until("a run", async () => {
    const { tasks } = await app.ask("elpis.tasks.list");
    return tasks[0].runs.filter(({ state }) => state === "running").at(-1);
  });
}

/** A process is stopped in the middle of its run, and goes on when another one has done it. */
async function zombie(app, ledger) {
  const { pid, id, attempt } = await chosen(app);
  signal(pid, "SIGSTOP");
  let entry;
  try {
    entry = await until(`${id} to be done`, () => ledger.call("has", id), 30_000);
  } finally {
    signal(pid, "SIGCONT");
  }
  // Now and then it has just written: then it is no zombie, and the next one is tried.
  if (entry.attempt === attempt) return zombie(app, ledger);
  await until("the thawed one to be refused", () => ledger.call("refused", id), 30_000);
}

const timeOf = (id) => Date.parse(id.slice(id.indexOf("@") + 1));

/** The master is killed during a run: it goes on, and the next master takes its word. */
async function succession(run) {
  const app = await HostedApplication.start(run, {
    name: "schedule-survive",
    survive: true,
    processes: {
      worker: { entry: fixture("task-worker"), scale: 2, env: { WORK_MS: "2500" } },
    },
    schedule: { lease: 6000, tasks: { tick: { every: "1h" } } },
  });
  const rounds = run.short ? 1 : 10;
  const ledger = run.start("ledger");
  await ledger.call("open", { hub: app.name });
  for (let n = 0; n < rounds; n++) {
    await app.ask("elpis.tasks.run", { task: "tick" });
    await chosen(app);
    app.actor.kill();
    await app.actor.exited;
    await pause(run.random.int(800));
    await app.open();
    await rested(app);
  }
  const { runs } = await app.ask("elpis.tasks.history", { task: "tick" });
  const { ids, repeated, refused } = await ledger.call("report");
  const first = runs.filter(({ outcome, attempt }) => outcome === "done" && attempt === 1).length;
  const rising = runs.every(({ token }, at) => at === 0 || token < runs[at - 1].token);
  run.exactly("master killed: runs done by their first attempt", first, rounds);
  run.exactly("master killed: effects", ids.length, rounds);
  run.exactly("master killed: effects tried twice, or refused", repeated + refused.length, 0);
  run.exactly("master killed: tokens go on growing", rising, true);
  await app.actor.call("stop");
  run.exactly("master killed: left after the stop", app.family().size, 0);
}

/** A task blocks for ever in a process of its own: nobody is served worse, and it is ended in time. */
async function blocked(run) {
  const timeoutMs = 1000;
  const port = await freePort();
  const app = await HostedApplication.start(run, {
    name: "schedule-blocked",
    agent: fixture("idle"),
    processes: { web: web(port) },
    schedule: {
      tasks: { block: { every: "1h", entry: fixture("task-blocked"), timeout: timeoutMs } },
    },
  });
  const before = [...(await app.pidsOf("web")), ...(await app.pidsOf("agent"))];
  const load = await HttpLoad.begin(run, port, run.rate(run.short ? 50 : 200));
  const took = [];
  for (let n = 0; n < (run.short ? 1 : 5); n++) {
    const begun = now();
    const input = { task: "block", wait: true };
    const { records } = await app.ask("elpis.tasks.run", input, 60_000);
    took.push(now() - begun);
    run.exactly("blocked task: ends by its timeout", records[0].outcome, "timeout");
    run.exactly("blocked task: its process is gone", isAlive(records[0].pid), false);
  }
  load.allAnswered("beside a blocked task", await load.end());
  const after = [...(await app.pidsOf("web")), ...(await app.pidsOf("agent"))];
  run.exactly("beside a blocked task: processes restarted", String(after), String(before));
  // SIGTERM, five seconds of grace, SIGKILL; its start comes on top.
  run.atMost("blocked task: over, latest", Math.max(...took), timeoutMs + 5000 + 5000, "ms");
  await app.actor.call("stop");
}
