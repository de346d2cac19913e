import { describe, expect, test } from "vitest";
import type { Link } from "../src/wire/link.ts";
import { memoryLinks } from "../src/wire/memory-link.ts";

interface Ear {
  readonly heard: string[];
  readonly closed: Promise<void>;
  closes: number;
}

function listen(link: Link): Ear {
  let resolveClosed = (): void => {};
  const closed = new Promise<void>((resolve) => {
    resolveClosed = resolve;
  });
  const ear: Ear = { heard: [], closed, closes: 0 };
  link.start(
    (chunk) => ear.heard.push(chunk.toString()),
    () => {
      ear.closes++;
      resolveClosed();
    },
  );
  return ear;
}

function say(link: Link, ...words: string[]): void {
  const pieces = words.map((word) => Buffer.from(word));
  link.write(
    pieces,
    pieces.reduce((sum, piece) => sum + piece.length, 0),
  );
}

/** A later turn of the event loop, behind those that have been asked for already. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

describe("memoryLinks", () => {
  test("deliver both ways, in order, in a later turn", async () => {
    const [left, right] = memoryLinks();
    const [leftEar, rightEar] = [listen(left), listen(right)];
    say(left, "a", "b");
    say(left, "c");
    say(right, "x");
    expect([...leftEar.heard, ...rightEar.heard]).toEqual([]);
    await turn();
    expect(rightEar.heard).toEqual(["a", "b", "c"]);
    expect(leftEar.heard).toEqual(["x"]);
  });

  test("keep what is written before the other end listens", async () => {
    const [left, right] = memoryLinks();
    say(left, "early");
    await turn();
    expect(left.queuedBytes).toBe(5);
    const ear = listen(right);
    await turn();
    expect(ear.heard).toEqual(["early"]);
    expect(left.queuedBytes).toBe(0);
  });

  test("count what waits and say when nothing does", async () => {
    const [left, right] = memoryLinks();
    listen(right);
    let drains = 0;
    left.onDrain(() => drains++);
    say(left, "abc", "de");
    expect(left.queuedBytes).toBe(5);
    expect(right.queuedBytes).toBe(0);
    await turn();
    expect(left.queuedBytes).toBe(0);
    expect(drains).toBe(1);
  });

  test("end: what is queued is delivered, then both ends close, once", async () => {
    const [left, right] = memoryLinks();
    const [leftEar, rightEar] = [listen(left), listen(right)];
    say(left, "last words");
    left.end();
    await Promise.all([leftEar.closed, rightEar.closed]);
    expect(rightEar.heard).toEqual(["last words"]);
    left.end();
    right.destroy();
    await turn();
    expect([leftEar.closes, rightEar.closes]).toEqual([1, 1]);
  });

  test("destroy: nothing is delivered any more, and both ends close", async () => {
    const [left, right] = memoryLinks();
    const [leftEar, rightEar] = [listen(left), listen(right)];
    say(left, "too late");
    left.destroy();
    expect(left.queuedBytes).toBe(0);
    await Promise.all([leftEar.closed, rightEar.closed]);
    expect(rightEar.heard).toEqual([]);
  });

  test("an end that is closed while it is delivered to hears no more", async () => {
    const [left, right] = memoryLinks();
    const heard: string[] = [];
    right.start(
      (chunk) => {
        heard.push(chunk.toString());
        right.destroy();
      },
      () => {},
    );
    say(left, "one", "two");
    await turn();
    expect(heard).toEqual(["one"]);
  });

  test("writing after the end does nothing", async () => {
    const [left, right] = memoryLinks();
    const [leftEar, rightEar] = [listen(left), listen(right)];
    left.destroy();
    await Promise.all([leftEar.closed, rightEar.closed]);
    say(left, "x");
    say(right, "y");
    expect([left.queuedBytes, right.queuedBytes]).toEqual([0, 0]);
    await turn();
    expect([...leftEar.heard, ...rightEar.heard]).toEqual([]);
  });

  test("whoever starts to listen at a closed end learns that it is", async () => {
    const [left, right] = memoryLinks();
    left.destroy();
    await turn();
    const [leftEar, rightEar] = [listen(left), listen(right)];
    await Promise.all([leftEar.closed, rightEar.closed]);
  });

  test("an answer from within a delivery arrives too", async () => {
    const [left, right] = memoryLinks();
    const ear = listen(left);
    right.start(
      (chunk) => say(right, `${chunk.toString()}!`),
      () => {},
    );
    say(left, "a", "b");
    await turn();
    await turn();
    expect(ear.heard).toEqual(["a!", "b!"]);
  });
});
