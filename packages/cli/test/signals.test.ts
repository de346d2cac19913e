import { expect, test } from "vitest";
import type { CliContext } from "../src/context.ts";
import { nextWish, type StopWish, watchSignals } from "../src/signals.ts";

test("the first signal asks for a graceful stop, whichever it is", () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    expect(nextWish("none", signal, undefined, 0)).toBe("graceful");
  }
});

test("a second one ends everything at once", () => {
  const last = { signal: "SIGINT", at: 0 };
  expect(nextWish("graceful", "SIGINT", last, 1000)).toBe("now");
  expect(nextWish("graceful", "SIGTERM", last, 1)).toBe("now");
  expect(nextWish("now", "SIGINT", last, 1000)).toBe("now");
});

test("the echo of a key press that npm passes on is not a second one", () => {
  expect(nextWish("graceful", "SIGINT", { signal: "SIGINT", at: 100 }, 101)).toBe("graceful");
});

test("each change is told once, and nothing after the end", () => {
  const listeners = new Set<(signal: NodeJS.Signals) => void>();
  const context = {
    onSignal: (listener: (signal: NodeJS.Signals) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as CliContext;
  const send = (signal: NodeJS.Signals): void => {
    for (const listener of listeners) listener(signal);
  };
  const wishes: Array<[StopWish, string]> = [];
  const signals = watchSignals(context, (wish, signal) => wishes.push([wish, signal]));
  expect(signals.wish).toBe("none");
  send("SIGINT");
  send("SIGINT");
  send("SIGTERM");
  send("SIGTERM");
  expect(wishes).toEqual([
    ["graceful", "SIGINT"],
    ["now", "SIGTERM"],
  ]);
  signals.off();
  expect(listeners.size).toBe(0);
});
