import { describe, expect, test } from "vitest";
import { Deadlines } from "../src/time/deadlines.ts";
import { Random } from "./support/random.ts";

function expired(deadlines: Deadlines, nowMs: number): number[] {
  const entries: number[] = [];
  deadlines.expire(nowMs, (entry) => entries.push(entry));
  return entries.sort((a, b) => a - b);
}

describe("Deadlines", () => {
  test("reports an entry once, when it is due and not before", () => {
    const deadlines = new Deadlines(0);
    deadlines.add(3, 25);
    expect(expired(deadlines, 24.9)).toEqual([]);
    expect(expired(deadlines, 35)).toEqual([3]);
    expect(expired(deadlines, 1000)).toEqual([]);
    expect(deadlines.size).toBe(0);
  });

  test("an entry that is already due comes with the next tick", () => {
    const deadlines = new Deadlines(1000);
    deadlines.add(0, 5);
    expect(expired(deadlines, 1009)).toEqual([]);
    expect(expired(deadlines, 1010)).toEqual([0]);
  });

  test("counts what waits; removing twice, or what never was, changes nothing", () => {
    const deadlines = new Deadlines(0);
    deadlines.add(1, 100);
    deadlines.add(2, 100);
    deadlines.remove(1);
    deadlines.remove(1);
    deadlines.remove(7);
    expect(deadlines.size).toBe(1);
    expect(expired(deadlines, 200)).toEqual([2]);
    deadlines.remove(2);
    expect(deadlines.size).toBe(0);
  });

  test("an entry may be used again as soon as it is free", () => {
    const deadlines = new Deadlines(0);
    deadlines.add(1, 50);
    deadlines.remove(1);
    deadlines.add(1, 500);
    expect(expired(deadlines, 400)).toEqual([]);
    expect(expired(deadlines, 510)).toEqual([1]);
  });

  test("entries of one bucket do not take each other along", () => {
    // 4 buckets of 10 ms: these share one.
    const deadlines = new Deadlines(0, 10, 4);
    for (const [entry, atMs] of [20, 60, 100, 140].entries()) deadlines.add(entry, atMs);
    expect(expired(deadlines, 60)).toEqual([0, 1]);
    deadlines.remove(2);
    expect(expired(deadlines, 10_000)).toEqual([3]);
  });

  test("while entries are reported others may be removed and added", () => {
    const deadlines = new Deadlines(0);
    for (let entry = 0; entry < 10; entry++) deadlines.add(entry, 20);
    const reported: number[] = [];
    deadlines.expire(30, (entry) => {
      reported.push(entry);
      // Of a pair only one is reported.
      deadlines.remove(entry ^ 1);
      // One that is due long since waits for the next tick, so that this ends.
      deadlines.add(entry, 0);
    });
    expect(reported.map((entry) => entry >> 1).sort()).toEqual([0, 1, 2, 3, 4]);
    expect(deadlines.size).toBe(5);
    expect(expired(deadlines, 40)).toEqual([...reported].sort((a, b) => a - b));
  });
});

/** When each entry is due; a replaced or removed one is forgotten. */
interface Promised {
  readonly atMs: number;
  readonly addedMs: number;
}

/** One seeded life of a table beside a map that holds the same. */
class Run {
  readonly #random: Random;
  readonly #tickMs: number;
  readonly #deadlines: Deadlines;
  readonly #model = new Map<number, Promised>();
  #nowMs: number;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#tickMs = [1, 7, 10, 100][this.#random.int(4)] as number;
    this.#nowMs = this.#random.int(1_000_000) / 8;
    this.#deadlines = new Deadlines(this.#nowMs, this.#tickMs, 2 ** (1 + this.#random.int(9)));
  }

  step(): void {
    const choice = this.#random.int(10);
    if (choice < 5) this.#add();
    else if (choice < 7) this.#remove(this.#random.int(64));
    else this.#expire(this.#advance());
    if (this.#deadlines.size !== this.#model.size) {
      throw new Error(`${this.#deadlines.size} wait, ${this.#model.size} should`);
    }
  }

  /** Nothing may be left after the last deadline. */
  finish(): void {
    const last = Math.max(this.#nowMs, ...[...this.#model.values()].map(({ atMs }) => atMs));
    this.#nowMs = last + this.#tickMs;
    this.#expire(false);
    if (this.#model.size > 0) throw new Error(`lost: ${[...this.#model.keys()].join(", ")}`);
  }

  #add(): void {
    const entry = this.#random.int(64);
    this.#remove(entry);
    const span = [1, 50, 2000, 1_000_000][this.#random.int(4)] as number;
    const atMs = Math.max(0, this.#nowMs + (this.#random.int(span * 8) - span) / 8);
    this.#deadlines.add(entry, atMs);
    this.#model.set(entry, { atMs, addedMs: this.#nowMs });
  }

  #remove(entry: number): void {
    this.#deadlines.remove(entry);
    this.#model.delete(entry);
  }

  /** Mostly small steps, sometimes none, now and then far beyond the wheel; whether callbacks may meddle. */
  #advance(): boolean {
    const span = [1, 5, 30, 400, 200_000][this.#random.int(5)] as number;
    this.#nowMs += this.#random.int(span * 8) / 8;
    return this.#random.int(2) === 0;
  }

  #expire(meddling: boolean): void {
    this.#deadlines.expire(this.#nowMs, (entry) => {
      const promised = this.#model.get(entry);
      if (promised === undefined) throw new Error(`${entry} does not wait`);
      if (promised.atMs > this.#nowMs) throw new Error(`${entry} is early`);
      this.#model.delete(entry);
      if (!meddling) return;
      if (this.#random.int(3) === 0) this.#remove(this.#random.int(64));
      if (this.#random.int(3) === 0) this.#add();
    });
    for (const [entry, { atMs, addedMs }] of this.#model) {
      const late = this.#nowMs - Math.max(atMs, addedMs);
      if (late >= this.#tickMs) throw new Error(`${entry} is ${late} ms late`);
    }
  }
}

test("seeded: never early, at most one tick late, nothing lost, 2000 runs of 200 steps", () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const run = new Run(seed);
    try {
      for (let step = 0; step < 200; step++) run.step();
      run.finish();
    } catch (cause) {
      throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
    }
  }
});
