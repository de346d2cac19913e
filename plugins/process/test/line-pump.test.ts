import { PassThrough } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { LinePump } from "../src/child/line-pump.ts";

it("handles a bounded number of lines per turn, and loses none", async () => {
  const stream = new PassThrough();
  let turn = 0;
  let isOver = false;
  const perTurn = new Map<number, number>();
  const pump = new LinePump(stream, () => void perTurn.set(turn, (perTurn.get(turn) ?? 0) + 1));
  const count = (async () => {
    for (; !isOver; turn += 1) await nextTurn();
  })();
  stream.end(Buffer.alloc(50_000, "\n"));
  await pump.done;
  isOver = true;
  await count;
  const counts = [...perTurn.values()];
  expect(counts.reduce((sum, one) => sum + one, 0)).toBe(50_000);
  // Two batches may fall between two looks of the counter.
  expect(Math.max(...counts)).toBeLessThanOrEqual(2000);
});

it("waits for a sink that gives a promise, also beyond the end of the stream", async () => {
  const stream = new PassThrough();
  const taken: string[] = [];
  let open: () => void = () => {};
  const pump = new LinePump(stream, (text) => {
    taken.push(text);
    return new Promise((resolve) => {
      open = resolve;
    });
  });
  stream.end("a\nb\nno end");
  for (const expected of [["a"], ["a", "b"], ["a", "b", "no end"]]) {
    // More turns than it would take.
    for (let at = 0; at < 5; at += 1) await nextTurn();
    expect(taken).toEqual(expected);
    expect(pump.isWaiting).toBe(true);
    open();
  }
  await pump.done;
});

it("hands over what it has when the stream is destroyed", async () => {
  const stream = new PassThrough();
  const taken: string[] = [];
  const pump = new LinePump(stream, (text) => void taken.push(text));
  stream.write("a\nhalf");
  await nextTurn();
  stream.destroy();
  await pump.done;
  expect(taken).toEqual(["a", "half"]);
});
