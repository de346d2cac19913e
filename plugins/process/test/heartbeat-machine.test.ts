import { expect, it } from "vitest";
import {
  beginHeartbeats,
  type HeartbeatState,
  type HeartbeatVerdict,
  heartbeatPolicy,
  stepHeartbeat,
  tickMsOf,
} from "../src/watch/heartbeat-machine.ts";
import { seededRandom } from "./support.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 2000);
const INTERVAL_MS = 1000;
const POLICY = heartbeatPolicy(INTERVAL_MS);
const TICK_MS = tickMsOf(INTERVAL_MS);

/** Feeds events at given times, and tells what was said when. */
class Story {
  readonly verdicts: { at: number; verdict: HeartbeatVerdict }[] = [];
  state: HeartbeatState = beginHeartbeats(0);

  feed(event: "beat" | "tick", at: number): void {
    const { state, verdict } = stepHeartbeat(this.state, event, at, POLICY);
    this.state = state;
    if (verdict !== undefined) this.verdicts.push({ at, verdict });
  }

  tickUntil(from: number, to: number): void {
    for (let at = from + TICK_MS; at <= to; at += TICK_MS) this.feed("tick", at);
  }
}

it("tells that a process is silent after 2 intervals, and hung before the third has passed", () => {
  const story = new Story();
  story.tickUntil(0, 10_000);
  expect(story.verdicts.map(({ verdict }) => verdict)).toEqual(["silent", "hung"]);
  const [silent, hung] = story.verdicts;
  expect(silent?.at).toBe(2000);
  expect(hung?.at).toBe(2500);
});

it("takes back that a process is silent, but not that it is hung", () => {
  const story = new Story();
  story.tickUntil(0, 2250);
  story.feed("beat", 2260);
  story.tickUntil(2260, 4260);
  story.feed("tick", 4385);
  story.tickUntil(4385, 5000);
  story.feed("beat", 5001);
  expect(story.verdicts.map(({ verdict }) => verdict)).toEqual([
    ...["silent", "responsive", "silent", "hung"],
  ]);
});

it("condemns nobody for a pause of its own, however long", () => {
  const story = new Story();
  story.tickUntil(0, 1000);
  // Stopped for an hour, and the timer is called before what has arrived is read.
  story.feed("tick", 3_601_000);
  story.feed("beat", 3_601_001);
  story.tickUntil(3_601_001, 3_602_000);
  expect(story.verdicts).toEqual([]);
});

it("waits for another look when the one that would condemn came late", () => {
  const story = new Story();
  story.tickUntil(0, 1900);
  story.feed("tick", 5000);
  expect(story.verdicts).toEqual([]);
  story.feed("tick", 5100);
  expect(story.verdicts.map(({ verdict }) => verdict)).toEqual(["silent"]);
});

it("never condemns a process that beats within 2 intervals of the time in which the master runs", () => {
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const random = seededRandom(seed);
    const story = new Story();
    let at = 0;
    let quietMs = 0;
    while (at < 30_000) {
      // The master runs, with looks of some lateness, or is away for a while.
      const awayMs = random() < 0.1 ? random() * 20_000 : 0;
      const stepMs = random() * TICK_MS * 1.5;
      at += stepMs + awayMs;
      quietMs += stepMs;
      const isDue = quietMs > 2 * INTERVAL_MS - 6 * TICK_MS;
      // What came while it was away is read after the first look at the clock.
      story.feed("tick", at);
      if (isDue || random() < 0.05 || awayMs > 0) {
        story.feed("beat", at + 0.1);
        quietMs = 0;
      }
    }
    expect(story.verdicts, `seed ${seed}`).toEqual([]);
  }
});

it("always condemns a process that stays silent, and tells that it is silent first", () => {
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const random = seededRandom(seed);
    const story = new Story();
    let at = 0;
    let ranMs = 0;
    while (ranMs < 2.5 * INTERVAL_MS + 2 * TICK_MS) {
      const isAway = random() < 0.2;
      const stepMs = TICK_MS * (0.5 + random());
      at += stepMs + (isAway ? random() * 10_000 : 0);
      if (!isAway) ranMs += stepMs;
      story.feed("tick", at);
    }
    story.tickUntil(at, at + 2 * TICK_MS);
    const verdicts = story.verdicts.map(({ verdict }) => verdict);
    expect(verdicts, `seed ${seed}`).toEqual(["silent", "hung"]);
  }
});
