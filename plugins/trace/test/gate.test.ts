import { describe, expect, test } from "vitest";
import { gate } from "../src/libraries/gate.ts";
import type { AnyInstrumentation } from "../src/options.ts";

type Call = (...args: unknown[]) => unknown;

/** As the base of all instrumentations wraps what it has to. */
class Instrumentation {
  readonly seen: unknown[][] = [];
  _wrap = (target: Record<string, Call>, name: string, wrapper: (original: Call) => Call): void => {
    target[name] = wrapper(target[name] as Call);
  };

  wrap(target: Record<string, Call>, name: string): void {
    const { seen } = this;
    this._wrap(
      target,
      name,
      (original) =>
        function (this: unknown, ...args) {
          seen.push(args);
          return original.apply(this, args);
        },
    );
  }
}

describe("a gate before an instrumentation", () => {
  function setUp(names: readonly string[]) {
    const state = { isInVain: false };
    const one = new Instrumentation();
    gate(one as unknown as AnyInstrumentation, names, () => state.isInVain);
    const target: Record<string, Call> & { own: number } = {
      own: 7,
      query(this: { own: number }, ...args: unknown[]) {
        return [this.own, ...args];
      },
    } as never;
    one.wrap(target, "query");
    return { state, one, target };
  }

  test("lets it see calls that may be recorded, and leaves the others as they are", () => {
    const { state, one, target } = setUp(["query"]);
    expect(target.query?.("a")).toEqual([7, "a"]);
    state.isInVain = true;
    expect(target.query?.("b")).toEqual([7, "b"]);
    expect(one.seen).toEqual([["a"]]);
  });

  test("lets it see every call with a callback, whose context it may have to keep", () => {
    const { state, one, target } = setUp(["query"]);
    state.isInVain = true;
    target.query?.("a", () => {});
    expect(one.seen).toHaveLength(1);
  });

  test("is not before other functions", () => {
    const { state, one, target } = setUp(["execute"]);
    state.isInVain = true;
    target.query?.("a");
    expect(one.seen).toEqual([["a"]]);
  });

  test("wraps what belongs to one call and nothing else, and leaves no marks on it", () => {
    const one = new Instrumentation();
    one._wrap = () => expect.unreachable("it marks what it wraps, and takes its time");
    gate(one as unknown as AnyInstrumentation, [], () => false);
    const call: Record<string, Call> = { onResult: (...args) => args.length };
    one.wrap(call, "onResult");
    expect(call.onResult?.("a", "b")).toBe(2);
    expect(one.seen).toEqual([["a", "b"]]);
  });
});
