import { describe, expect, it } from "vitest";
import type { TaskOptions } from "../src/contract.ts";
import { START_MS, World } from "./support/world.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 1200);
const TROUBLE_MS = 15_000;
const REST_MS = 20_000;

/** Enough of all tries: what is left undone then was forgotten. */
const RETRIES = { attempts: 1000, lost: 1000, backoff: { min: 10, max: 50 } };

/** Makes trouble for a while, then lets things settle. */
function live(world: World): void {
  const { random, clock, processes } = world;
  const trouble = (): void => {
    if (clock.nowMs >= TROUBLE_MS) return;
    const chance = random.next();
    const process = random.pick(processes);
    if (chance < 0.25) {
      if (process.isAlive) replace(world, process);
    } else if (chance < 0.5) process.freeze(random.int(4000));
    else if (chance < 0.6) {
      world.jumpMs += random.int(20_000) - 10_000;
      world.step((scheduler, now) => scheduler.advance(now));
    } else if (chance < 0.75) breakLink(world, process);
    else if (chance < 0.9 && world.hasMaster) killMaster(world);
    clock.after(random.int(1500), trouble);
  };
  clock.after(random.int(2000), trouble);
  clock.runUntil(TROUBLE_MS + REST_MS);
}

/** A process is killed, and another one comes in its place. */
function replace(world: World, process: World["processes"][number]): void {
  const { index } = process.identity;
  process.kill();
  world.clock.after(world.random.int(600), () => world.startProcess(index));
}

function breakLink(world: World, process: World["processes"][number]): void {
  world.disconnect(process);
  world.clock.after(world.random.int(800), () => {
    if (process.peerId === undefined) world.connect(process);
  });
}

/** The master is killed, and another one comes. Its processes leave with it, unless they go on without. */
function killMaster(world: World): void {
  const { clock, random } = world;
  const family = world.processes.filter(({ isAlive }) => isAlive);
  world.killMaster();
  if (!world.options.survive) {
    for (const process of family) clock.after(random.int(2000), () => process.kill());
  }
  clock.after(random.int(4000), () => {
    world.startMaster();
    if (!world.options.survive) {
      for (const { identity } of family) world.startProcess(identity.index);
      return;
    }
    for (const process of world.processes) {
      clock.after(random.int(300), () => {
        if (process.isAlive && process.peerId === undefined) world.connect(process);
      });
    }
  });
}

/** All times up to the last one that was dealt with are done, were missed, were left out, or are under way. */
function account(world: World): void {
  const { saved } = world;
  expect(saved).toBeDefined();
  if (saved === undefined) return;
  const { counts } = saved.history;
  const { done = 0, missed = 0, skipped = 0 } = counts;
  const { works } = saved;
  for (const id of world.acknowledged) expect(world.ledger.entries.has(id), id).toBe(true);
  // How many times there were by the other clock is not to be told from the end.
  if (world.options.task.every !== undefined) return;
  const times = (saved.timetable.untilMs - START_MS) / 1000;
  const gaps = world.options.task.missed === "once" ? missed : 0;
  const found = done + missed + skipped + works.length;
  expect(found, "accounted for").toBeGreaterThanOrEqual(times);
  // Beyond that only runs that make up for what was missed.
  expect(found - times).toBeLessThanOrEqual(gaps);
  expect(done, "acknowledged are done").toBeGreaterThanOrEqual(world.acknowledged.size);
}

const CASES: ReadonlyArray<readonly [string, TaskOptions]> = [
  ["that may overlap", { cron: "* * * * * *", overlap: "allow", retries: RETRIES }],
  ["that leave out what would overlap", { cron: "* * * * * *", retries: RETRIES }],
  [
    "that wait for their turn",
    { cron: "* * * * * *", overlap: "queue", queue: 3, retries: RETRIES },
  ],
  ["one of each name", { cron: "* * * * * *", on: "each", overlap: "allow", retries: RETRIES }],
  ["by a clock that nobody sets", { every: "1s", overlap: "allow", retries: RETRIES }],
  ["that make up for what was missed", { cron: "* * * * * *", missed: "once", retries: RETRIES }],
];

describe("random histories of runs", () => {
  it.each(CASES)("%s: each effect once, none forgotten, never two alive", (_, task) => {
    let ran = 0;
    let refused = 0;
    let repeated = 0;
    for (let seed = 1; seed <= RUNS / CASES.length; seed++) {
      const world = new World({
        ...{ seed, task },
        leaseMs: [400, 1500][seed % 2] as number,
        processes: 2 + (seed % 3),
        survive: seed % 4 < 2,
      });
      live(world);
      expect(world.wrong, `seed ${seed}`).toEqual([]);
      try {
        account(world);
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
      ran += world.acknowledged.size;
      refused += world.ledger.refused;
      repeated += world.ledger.repeated;
    }
    // The trouble is real: it comes to what the rules are there for.
    expect(ran).toBeGreaterThan(RUNS);
    expect(refused).toBeGreaterThan(0);
    expect(repeated).toBeGreaterThan(0);
  });
});
