import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Clock } from "../src/spans/clock.ts";
import { LiveSpan } from "../src/spans/live-span.ts";
import { OpenSpans } from "../src/spans/open-spans.ts";
import { newTraceId } from "../src/spans/random.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const sink = { clock: new Clock(), began: () => {}, ended: () => {} };
function span(outer?: LiveSpan): LiveSpan {
  const one = new LiveSpan(sink, newTraceId(), outer, { scope: "x", name: "x", kind: 0 });
  one.outer = outer;
  return one;
}

describe("open spans", () => {
  test("are told once each, those that they came from as well, and none that is over", () => {
    const steps = fc.array(
      fc.record({ what: fc.constantFrom("begin", "end", "tell"), at: fc.nat() }),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const open = new OpenSpans(20);
        const live: LiveSpan[] = [];
        const noted = new Set<LiveSpan>();
        const told = new Set<LiveSpan>();
        for (const { what, at } of all) {
          const one = live[at % Math.max(1, live.length)];
          if (what === "begin") {
            const next = span(at % 3 === 0 ? undefined : one);
            const hasRoom = [...noted].filter((each) => live.includes(each)).length < 20;
            expect(open.add(next)).toBe(hasRoom);
            if (hasRoom) noted.add(next);
            live.push(next);
          } else if (what === "end" && one !== undefined) {
            open.over(one);
            live.splice(live.indexOf(one), 1);
            one.outer = undefined;
          } else if (what === "tell") {
            // All of them, or only those of which a child is over.
            for (const each of open.tellable(at % 2 === 0 ? Number.POSITIVE_INFINITY : -1)) {
              expect(told.has(each)).toBe(false);
              expect(live).toContain(each);
              told.add(each);
            }
            if (at % 2 !== 0) continue;
            expect(open.hasYoung).toBe(false);
            for (const each of live) expect(told.has(each)).toBe(noted.has(each));
          }
          expect(open.size).toBe([...noted].filter((each) => live.includes(each)).length);
        }
      }),
    );
  });

  test("of which a child is over are told at once, and only those", () => {
    const open = new OpenSpans(10);
    const [root, other] = [span(), span()];
    const middle = span(root);
    const child = span(middle);
    for (const one of [root, other, middle, child]) open.add(one);
    open.over(child);
    expect([...open.tellable(-1)]).toEqual([middle, root]);
    expect([...open.tellable(-1)]).toEqual([]);
    expect([...open.tellable(Number.POSITIVE_INFINITY)]).toEqual([other]);
  });

  test("are not held when they are over, whether or not it was told that they were open", async () => {
    const open = new OpenSpans(10);
    const beginAndEnd = (tell: boolean): WeakRef<LiveSpan> => {
      const root = span();
      const child = span(root);
      for (const one of [root, child]) open.add(one);
      open.over(child);
      child.outer = undefined;
      // Who expects something holds it.
      if (tell && [...open.tellable(-1)].length !== 1) throw new Error("it is not told");
      open.over(root);
      return new WeakRef(root);
    };
    const gone = [beginAndEnd(false), beginAndEnd(true)];
    await expect
      .poll(() => {
        collectGarbage();
        return gone.map((one) => one.deref() === undefined);
      })
      .toEqual([true, true]);
  });
});
