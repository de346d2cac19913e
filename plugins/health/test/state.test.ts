import { seeded } from "@elpis/testing";
import { expect, it } from "vitest";
import { type CheckState, newState, present, settle } from "../src/monitor/state.ts";

const at = (nowMs: number, failures = 1) => ({ failures, nowMs, tookMs: 1 });
const bad = { ok: false, message: "no" } as const;
const good = { ok: true } as const;

it("is not up before it was looked at", () => {
  expect(newState(0)).toMatchObject({ status: "unknown", started: false });
});

it("goes down after as many failures in a row as it takes, and comes back with one success", () => {
  let state: CheckState = settle(newState(0), good, at(1, 3));
  const seen: string[] = [];
  for (const finding of [bad, bad, good, bad, bad, bad, bad, good]) {
    state = settle(state, finding, at(2, 3));
    seen.push(state.status);
  }
  expect(seen).toEqual(["up", "up", "up", "up", "up", "down", "down", "up"]);
});

it("is never up by patience alone", () => {
  expect(settle(newState(0), bad, at(1, 3)).status).toBe("down");
});

it("knows since when", () => {
  const first = settle(newState(0), good, at(10));
  const second = settle(first, good, at(20));
  expect([second.sinceMs, second.checkedMs]).toEqual([10, 20]);
  expect(settle(second, bad, at(30)).sinceMs).toBe(30);
});

it("does not know what it was told too long ago", () => {
  const state = settle(newState(0), good, at(1000));
  expect(present(state, 2000, 1000).status).toBe("up");
  expect(present(state, 2001, 1000).status).toBe("unknown");
});

it("is up only right after a success, or within its patience, in any history", () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const random = seeded(seed);
    const failures = 1 + random.int(4);
    let state = newState(0);
    let inARow = 0;
    let wasUp = false;
    for (let turn = 1; turn <= 40; turn += 1) {
      const finding = random.int(3) === 0 ? bad : good;
      inARow = finding.ok ? 0 : inARow + 1;
      wasUp = finding.ok || (wasUp && inARow < failures);
      state = settle(state, finding, at(turn, failures));
      if ((state.status === "up") !== wasUp) throw new Error(`seed ${seed}, turn ${turn}`);
    }
  }
});
