import { seeded } from "@elpis/testing";
import { describe, expect, it } from "vitest";
import { cronCalendar } from "../src/definition/calendar.ts";
import type { Schedule } from "../src/definition/definition.ts";
import {
  type Calendar,
  createTimetable,
  type Moment,
  type SavedTimetable,
  type Timetable,
} from "../src/machine/timetable.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 1500);
const START = Date.UTC(2026, 10, 27, 12);

/** Each full multiple of a step. */
function steps(stepMs: number): Calendar {
  return {
    next: (afterMs) => (Math.floor(afterMs / stepMs) + 1) * stepMs,
    previous: (untilMs) => Math.floor(untilMs / stepMs) * stepMs,
  };
}

const at = (sinceMs: number, jumpMs = 0): Moment => ({
  wallMs: START + sinceMs + jumpMs,
  monoMs: sinceMs,
});

function cron(pattern: string, timeZone?: string): Schedule {
  return { kind: "cron", pattern, ...(timeZone !== undefined && { timeZone }) };
}

function table(schedule: Schedule, now: Moment = at(0), saved?: SavedTimetable): Timetable {
  return createTimetable(schedule, cronCalendar, now, saved);
}

/** What comes due, relative to the start. */
function due(timetable: Timetable, now: Moment): number[] {
  return timetable.pass(now).due.map((ms) => ms - START);
}

describe("cron", () => {
  it("comes due at its times, each once", () => {
    const times = table(cron("*/10 * * * * *"));
    expect(times.nextMs(at(0))).toBe(START + 10_000);
    expect([due(times, at(9_999)), due(times, at(10_003)), due(times, at(10_500))]).toEqual([
      [],
      [10_000],
      [],
    ]);
    expect(due(times, at(20_000))).toEqual([20_000]);
  });

  it("keeps times that are noticed a little late, and misses what is too late", () => {
    const times = table(cron("*/5 * * * * *"));
    expect(times.pass(at(20_000))).toEqual({
      due: [15_000, 20_000].map((ms) => START + ms).slice(0),
      missed: { count: 2, lastMs: START + 10_000 },
    });
  });

  it("misses what the clock jumps over, and keeps what came before the jump", () => {
    const times = table(cron("* * * * * *"));
    due(times, at(1000));
    const passed = times.pass(at(2100, 60_000));
    expect(passed.due).toEqual([START + 2000]);
    expect(passed.missed).toEqual({ count: 60, lastMs: START + 62_000 });
    expect(due(times, at(3000, 60_000))).toEqual([63_000]);
  });

  it("does not come due again when the clock is set back over it", () => {
    const times = table(cron("* * * * * *"));
    for (let ms = 1000; ms <= 5000; ms += 1000) expect(due(times, at(ms))).toEqual([ms]);
    for (let ms = 6000; ms <= 9000; ms += 1000) expect(due(times, at(ms, -4000))).toEqual([]);
    expect(due(times, at(10_000, -4000))).toEqual([6000]);
  });

  it("begins anew when the clock had been wrong by more than a day", () => {
    const times = table(cron("* * * * * *"));
    due(times, at(1000, 365 * 86_400_000));
    expect(due(times, at(2000))).toEqual([]);
    expect(due(times, at(3000))).toEqual([3000]);
  });

  it("misses all that fell into downtime", () => {
    const times = table(cron("0 * * * * *"), at(0), { untilMs: START - 150_000 });
    expect(times.pass(at(0))).toEqual({ due: [], missed: { count: 3, lastMs: START } });
    expect(due(times, at(60_000))).toEqual([60_000]);
  });

  it("counts very many missed times only so far, and still knows the last one", () => {
    const times = table(cron("* * * * * *"), at(500), { untilMs: START - 365 * 86_400_000 });
    expect(times.pass(at(500))).toEqual({ due: [], missed: { count: 1000, lastMs: START } });
  });

  it("follows the clocks of its time zone across their changes", () => {
    const days = (pattern: string, from: string, count: number): string[] => {
      const calendar = cronCalendar(pattern, "Europe/Berlin");
      const found: string[] = [];
      let next = calendar.next(Date.parse(from));
      while (next !== undefined && found.length < count) {
        found.push(new Date(next).toISOString().slice(5, 16));
        next = calendar.next(next);
      }
      return found;
    };
    // 02:30 is left out on 29 March 2026, and comes twice on 25 October.
    expect(days("30 2 * * *", "2026-03-27T12:00Z", 3)).toEqual([
      "03-28T01:30",
      "03-29T01:00",
      "03-30T00:30",
    ]);
    expect(days("30 2 * * *", "2026-10-24T12:00Z", 2)).toEqual(["10-25T00:30", "10-26T01:30"]);
    expect(days("0 * * * *", "2026-10-24T23:30Z", 3)).toEqual([
      "10-25T00:00",
      "10-25T01:00",
      "10-25T02:00",
    ]);
  });

  it("finds the last time up to another", () => {
    const calendar = cronCalendar("*/10 * * * * *", undefined);
    expect(
      [0, 9_999, 10_000, 10_001].map((ms) => (calendar.previous(START + ms) ?? 0) - START),
    ).toEqual([0, 0, 10_000, 10_000]);
  });

  it("refuses what is no pattern, no time zone, or never comes", () => {
    expect(() => cronCalendar("61 * * * *", undefined)).toThrow(/minute/);
    expect(() => cronCalendar("0 0 30 2 *", undefined)).toThrow("no such time ever comes");
    expect(() => cronCalendar("0 0 * * *", "Mars/Base")).toThrow(/time ?zone/i);
  });

  it("accounts for every time once, whatever the clocks do", () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const random = seeded(seed);
      const calendar = steps(1000);
      const calendarOf = (): Calendar => calendar;
      let monoMs = 0;
      let wallMs = START;
      let times = createTimetable(cron("*"), calendarOf, { wallMs, monoMs });
      let counted = 0;
      const seen = new Set<number>();
      for (let step = 0; step < 40; step++) {
        const passedMs = random.int(3000);
        monoMs += passedMs;
        wallMs += passedMs;
        const chance = random.next();
        if (chance < 0.1) wallMs += random.int(100_000);
        else if (chance < 0.2) wallMs -= random.int(100_000);
        else if (chance < 0.25) monoMs += random.int(30_000);
        const now = { wallMs, monoMs };
        if (chance > 0.95) times = createTimetable(cron("*"), calendarOf, now, times.saved);
        const { due: ready, missed } = times.pass(now);
        for (const one of ready) {
          expect(seen.has(one), `seed ${seed}: ${one} twice`).toBe(false);
          expect(one, `seed ${seed}: early`).toBeLessThanOrEqual(wallMs);
          seen.add(one);
        }
        counted += ready.length + (missed?.count ?? 0);
      }
      const untilMs = times.saved.untilMs;
      expect(counted, `seed ${seed}`).toBe((untilMs - START) / 1000);
      expect(wallMs - untilMs, `seed ${seed}: something is left`).toBeLessThan(1000);
    }
  });
});

describe("every", () => {
  const every = (everyMs: number): Schedule => ({ kind: "every", everyMs });

  it("does not care what the clock on the wall does", () => {
    const times = table(every(1000));
    expect(due(times, at(999))).toEqual([]);
    expect(times.pass(at(1000, 3_600_000)).due).toHaveLength(1);
    expect(times.pass(at(1999, -3_600_000)).due).toHaveLength(0);
    expect(times.pass(at(2000, -3_600_000)).due).toHaveLength(1);
  });

  it("does not drift, and keeps or misses what comes late", () => {
    const times = table(every(1000));
    expect(due(times, at(1400))).toEqual([1000]);
    expect(times.delayMs(at(1400))).toBe(600);
    const passed = times.pass(at(20_500));
    expect(passed.missed).toEqual({ count: 9, lastMs: START + 10_000 });
    expect(passed.due.map((ms) => ms - START)).toEqual(
      Array.from({ length: 10 }, (_, n) => 11_000 + n * 1000),
    );
  });

  it("goes on across a restart where it was", () => {
    const saved = { untilMs: START - 400 };
    const times = table(every(1000), at(0), saved);
    expect(times.pass(at(0))).toEqual({ due: [], missed: undefined });
    expect(times.delayMs(at(0))).toBe(600);
  });

  it("misses what fell into downtime, and never waits for more than a span", () => {
    const times = table(every(1000), at(0), { untilMs: START - 2500 });
    expect(times.pass(at(0))).toEqual({ due: [], missed: { count: 2, lastMs: START - 500 } });
    expect(times.delayMs(at(0))).toBe(500);
    // The clock was set back meanwhile.
    expect(table(every(1000), at(0), { untilMs: START + 90_000 }).delayMs(at(0))).toBe(1000);
  });
});

describe("at and in", () => {
  it("come due once", () => {
    const times = table({ kind: "at", atMs: START + 5000 });
    expect([due(times, at(4000)), due(times, at(5000)), due(times, at(6000))]).toEqual([
      [],
      [5000],
      [],
    ]);
    expect(times.saved.isOver).toBe(true);
    const later = table({ kind: "in", inMs: 5000 });
    expect([due(later, at(4999)), due(later, at(5001)), due(later, at(10_000))]).toEqual([
      [],
      [5000],
      [],
    ]);
    expect([later.saved.isOver, later.nextMs(at(10_000)), later.delayMs(at(10_000))]).toEqual([
      true,
      undefined,
      undefined,
    ]);
  });

  it("are missed when nobody was there, and are over after that", () => {
    for (const schedule of [
      { kind: "at", atMs: START - 1000 } as const,
      { kind: "in", inMs: 1000 } as const,
    ]) {
      const times = table(schedule, at(0), { untilMs: START - 2000 });
      expect(times.pass(at(0))).toEqual({ due: [], missed: { count: 1, lastMs: START - 1000 } });
      expect(times.pass(at(5000))).toEqual({ due: [], missed: undefined });
      expect(table(schedule, at(9000), times.saved).pass(at(9000)).missed).toBeUndefined();
    }
  });
});
