#!/usr/bin/env node
// Jobs: what was acknowledged is done, though workers, and the hub itself, are killed all the time.
import { count, counts, now, pause, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";
import { Staff } from "./lib/staff.mjs";

const WORKERS = 3;
const CONCURRENCY = 16;
const WINDOW = 256;

void program("G12", "jobs: nothing that was acknowledged is lost", async (run) => {
  const hub = await run.hub();
  const { source } = await hub.load();
  const canary = await hub.canary();
  await killing({ run, hub, level: "accepted", hubKills: 0 });
  await Promise.all([redelivered(run, hub), poisoned(run, hub)]);
  run.canaryIsWell("canary", await canary.report());
  const { failed, wrong } = await source.call("report");
  run.exactly("background: requests failed", counts({ ...failed, wrong }), "none");
  await killing({ run, hub, level: "durable", hubKills: run.short ? 1 : 3 });
});

/** Jobs are put in line while a worker is killed every second, and the hub now and then. */
async function killing({ run, hub, level, hubKills }) {
  const topic = `g12.${level}`;
  const jobs = run.short ? 2000 : 100_000;
  const everyMs = run.short ? 200 : 1000;
  const staff = new Staff(run, topic, CONCURRENCY);
  await staff.hire(hub, WORKERS);
  const client = await run.connect(hub, `producer-${level}`);
  const line = enqueueAll(client, topic, level, jobs);
  const killed = { workers: 0, hubs: 0 };
  const ends = [];
  const killingHubs = (async () => {
    for (let share = 1; share <= hubKills; share++) {
      await until("jobs", () => line.acknowledged >= (jobs * share) / (hubKills + 1), 100_000);
      ends.push(now());
      await hub.restart();
      killed.hubs++;
    }
  })();
  const end = now() + 100_000;
  const isDone = () =>
    line.isOver && killed.workers > 1 && killed.hubs === hubKills && staff.unfinished(jobs) === 0;
  while (!isDone() && now() < end) {
    await Promise.race([pause(everyMs), line.failed]);
    await staff.replaceOne(hub);
    killed.workers++;
  }
  await killingHubs;
  const what =
    hubKills > 0
      ? `${level}, ${killed.workers} workers and ${killed.hubs} hubs killed`
      : `${level}, ${killed.workers} workers killed`;
  run.exactly(`${what}: acknowledged`, line.acknowledged, jobs);
  run.exactly(`${what}: acknowledged and lost`, staff.unfinished(jobs), 0);
  if (hubKills === 0) {
    run.atMost(`${what}: begun again`, staff.begunAgain(jobs), CONCURRENCY * killed.workers);
  } else {
    // What was done, but not on disk, when the hub died was not acknowledged either.
    run.note(`${what}: begun again`, staff.begunAgain(jobs));
    const unsaved = staff.longestUnsaved(ends);
    run.atMost(`${what}: begun again, done before the hub's death by`, unsaved, 100, "ms");
  }
  run.note(`${what}: enqueued again after`, counts(line.refused));
  staff.dismiss();
}

/** A worker that is frozen loses its jobs to another. */
async function redelivered(run, hub) {
  const ackDeadlineMs = run.short ? 500 : 2000;
  const staff = new Staff(run, "g12.frozen", CONCURRENCY);
  const [frozen] = await staff.hire(hub, 1, { takes: 60_000 });
  const client = await run.connect(hub, "producer-frozen");
  for (let n = 0; n < CONCURRENCY; n++)
    await client.enqueue("g12.frozen", { n }, { ackDeadlineMs });
  await until("the jobs to be begun", () => staff.begun(CONCURRENCY).every((times) => times > 0));
  frozen.freeze();
  await staff.hire(hub, 1);
  await until(
    "the jobs to come again",
    () => staff.begun(CONCURRENCY).every((times) => times > 1),
    ackDeadlineMs + 5000,
  );
  const [began, again] = [1, 2].map((attempt) => staff.beganAt(attempt));
  const took = again.map((at, n) => at - began[n]);
  const overdue = Math.max(...took) - ackDeadlineMs;
  run.atMost("worker frozen: job comes again, after its deadline, latest", overdue, 1000, "ms");
  run.atLeast(
    "worker frozen: job comes again, not before its time",
    Math.min(...took),
    ackDeadlineMs - 50,
    "ms",
  );
  staff.dismiss();
}

/** What fails each time is put aside after its attempts, and can be had back. */
async function poisoned(run, hub) {
  const maxAttempts = 3;
  const topic = "g12.poison";
  const jobs = run.short ? 5 : 50;
  const staff = new Staff(run, topic, CONCURRENCY);
  await staff.hire(hub, 1, { fails: true });
  const client = await run.connect(hub, "producer-poison");
  for (let n = 0; n < jobs; n++)
    await client.enqueue(topic, { n }, { maxAttempts, id: `poison-${n}` });
  const dead = await until(
    "the jobs to be given up",
    async () => {
      const letters = await client.jobs.deadLetters(topic, jobs);
      return letters.length === jobs && letters;
    },
    60_000,
  );
  run.exactly(
    `poison: dead letters after ${maxAttempts} attempts`,
    dead.filter(({ attempts }) => attempts === maxAttempts).length,
    jobs,
  );
  run.exactly(
    "poison: attempts",
    staff.begun(jobs).filter((times) => times === maxAttempts).length,
    jobs,
  );
  run.exactly("poison: put in line again", await client.jobs.revive(topic, "poison-0"), true);
  run.exactly("poison: forgotten", await client.jobs.discard(topic, "poison-1"), true);
  staff.dismiss();
}

/** Puts all jobs in line; what is not acknowledged is tried again under its id. */
function enqueueAll(client, topic, level, jobs) {
  const line = { acknowledged: 0, refused: {}, isOver: false };
  let next = 0;
  const go = async () => {
    while (next < jobs) {
      const n = next++;
      while (!(await enqueueOnce(client, topic, level, n, line.refused))) await pause(20);
      line.acknowledged++;
    }
  };
  const all = Promise.all(Array.from({ length: WINDOW }, go));
  /** Never resolves; rejects when something is wrong with the program. */
  line.failed = all.then(() => {
    line.isOver = true;
    return new Promise(() => {});
  });
  line.failed.catch(() => {});
  return line;
}

async function enqueueOnce(client, topic, level, n, refused) {
  try {
    await client.enqueue(topic, { n }, { level, id: `${topic}-${n}`, maxAttempts: 100 });
    return true;
  } catch (error) {
    if (error.code === undefined) throw error;
    count(refused, error.code);
    return false;
  }
}
