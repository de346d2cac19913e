import { seeded } from "@elpis/testing";
import { describe, expect, it } from "vitest";
import { Reporter, Scraper, toldTotal } from "./support/scraper.ts";
import { totalOf, World } from "./support/world.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 25);
const NAMES = ["web", "jobs"];
const INSTRUMENTS = ["sum", "distribution"];

/** What an agent tells is what was told to it, or it tells nothing yet. */
function compare(world: World, label: string, mustTell = false): void {
  const { agent } = world;
  if (agent === undefined) return;
  for (const name of NAMES) {
    for (const instrument of INSTRUMENTS) {
      const told = toldTotal(agent, instrument, name);
      const expected = world.expected(instrument, name);
      if (told !== undefined || (mustTell && expected > 0)) {
        expect(told, `${label}: ${instrument} of ${name}`).toBe(expected);
      }
    }
  }
}

/** Everything that is alive has told everything. */
function compareAlive(world: World, label: string): void {
  for (const { source, recorded, isAlive } of world.processes) {
    const process = world.processes.find((one) => one.source === source);
    const told = process === undefined ? undefined : world.model.get(process);
    for (const instrument of INSTRUMENTS) {
      const real = recorded.get(instrument) ?? 0;
      const known = told === undefined ? 0 : totalOf(told, instrument);
      const what = `${label}: ${instrument} of ${JSON.stringify(source)}`;
      if (isAlive) expect(known, what).toBe(real);
      else expect(known, what).toBeLessThanOrEqual(real);
    }
  }
}

/** Deltas have everything, once; those who come after a crash may leave out what others may have told. */
function compareReports(world: World, reporter: Reporter, label: string, isWhole: boolean): void {
  for (const name of NAMES) {
    for (const instrument of INSTRUMENTS) {
      const told = reporter.total(instrument, name);
      const what = `${label}: deltas of ${instrument} of ${name}`;
      let real = 0;
      for (const { source, recorded } of world.processes) {
        if (source.name === name) real += recorded.get(instrument) ?? 0;
      }
      expect(told, what).toBeLessThanOrEqual(real);
      if (isWhole) expect(told, what).toBe(world.expected(instrument, name));
    }
  }
}

type Restart = "never" | "snapshot" | "nothing";

/** @param isForgetful the agent forgets soon what is over: then only what it tells from time to time is looked at */
async function history(seed: number, restart: Restart, isForgetful = false): Promise<void> {
  const random = seeded(seed);
  const world = new World(random, random.pick([0, 2, 5]));
  const scraper = new Scraper();
  const reporter = new Reporter();
  if (isForgetful) world.keepSumsMs = 8000;
  const label = `seed ${seed}, agent restarts: ${restart}`;
  world.onAgent = (agent) => reporter.attach(agent);
  await world.startAgent("nothing");
  for (let count = 0; count < 3; count++) world.startProcess();
  const steps: (() => unknown)[] = [
    () => world.startProcess(),
    () => world.kill(),
    async () => {
      const process = random.pick(world.alive());
      if (await world.stop(process)) {
        expect(totalOf(world.model.get(process) ?? new Map(), "sum")).toBe(
          process.recorded.get("sum") ?? 0,
        );
      }
    },
    () => world.deliverLate(),
    () => world.save(),
    ...(restart === "never"
      ? []
      : [
          () => world.killAgent(),
          () => (restart === "snapshot" ? world.stopAgent() : world.killAgent()),
          async () => {
            if (world.agent === undefined) await world.startAgent(restart);
          },
          async () => {
            if (world.agent === undefined) await world.startAgent(restart);
          },
        ]),
  ];
  for (let step = 0; step < 60; step++) {
    for (let count = random.int(5); count > 0; count--) world.work();
    if (random.int(3) === 0 && world.alive().length > 0) await random.pick(steps)();
    await world.timers.advance(random.int(4000));
    if (world.agent !== undefined) scraper.read(world.agent, `${label}, step ${step}`);
    if (world.agent !== undefined && random.int(4) === 0) reporter.read();
    if (!isForgetful) compare(world, `${label}, step ${step}`);
  }
  if (isForgetful) return;
  await end(world, scraper, label, restart === "nothing" ? "nothing" : "snapshot");
  reporter.read();
  compareReports(world, reporter, label, restart === "never");
}

async function end(
  world: World,
  scraper: Scraper,
  label: string,
  how: "nothing" | "snapshot",
): Promise<void> {
  world.trouble = 0;
  if (world.agent === undefined) await world.startAgent(how);
  await world.timers.advance(30_000);
  const { agent } = world;
  if (agent === undefined) throw new Error("there is an agent by now");
  scraper.read(agent, label);
  compare(world, label, true);
  compareAlive(world, label);
  expect(agent.stats(), label).toMatchObject({ bad: 0, fallen: 0, conflicts: 0, dropped: 0 });
}

describe("whole histories of processes that start, work, die, and are heard badly", () => {
  it("lose nothing that was told, and never let a sum fall, with one agent", async () => {
    for (let seed = 1; seed <= RUNS; seed++) await history(seed, "never");
  }, 300_000);

  it("the same with agents that go on from the snapshot of the one before", async () => {
    for (let seed = 1001; seed <= 1000 + RUNS; seed++) await history(seed, "snapshot");
  }, 300_000);

  it("never let a sum fall when it is given up either", async () => {
    for (let seed = 3001; seed <= 3000 + RUNS; seed++) {
      await history(seed, seed % 2 === 0 ? "never" : "snapshot", true);
    }
  }, 300_000);

  it("the same with agents that know nothing, of all that are still alive", async () => {
    for (let seed = 2001; seed <= 2000 + RUNS; seed++) await history(seed, "nothing");
  }, 300_000);
});
