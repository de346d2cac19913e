import { context, createContextKey, ROOT_CONTEXT } from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { gate } from "../src/libraries/gate.ts";
import type { AnyInstrumentation } from "../src/options.ts";
import { Contexts } from "../src/spans/contexts.ts";

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
  beforeEach(() => {
    context.setGlobalContextManager(new Contexts(false).enable());
  });
  afterEach(() => context.disable());

  const NAME = createContextKey("name");
  const named = (name: string): typeof ROOT_CONTEXT => ROOT_CONTEXT.setValue(NAME, name);
  const active = (): unknown => context.active().getValue(NAME);

  function setUp(quiet: readonly string[], callingBack: readonly string[] = []) {
    const state = { isInVain: false };
    const one = new Instrumentation();
    gate(one as unknown as AnyInstrumentation, { quiet, callingBack }, () => state.isInVain);
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

  test("has callbacks of calls that it does not see run where they were given", () => {
    const { state, one, target } = setUp(["query"]);
    state.isInVain = true;
    const query = { onResult: active };
    const [, , back] = context.with(named("first"), () => target.query?.(query, active)) as Call[];
    expect(one.seen).toEqual([]);
    context.with(named("second"), () => {
      expect(back?.()).toBe("first");
      expect(query.onResult()).toBe("first");
    });
  });

  test("has those run where they were given that wait for something of others", () => {
    const { one, target } = setUp([], ["query"]);
    context.with(named("first"), () => target.query?.("a", active));
    const back = one.seen[0]?.[1] as Call;
    expect(context.with(named("second"), () => back())).toBe("first");
    // Without one nothing is changed.
    expect(target.query?.("b")).toEqual([7, "b"]);
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
    gate(one as unknown as AnyInstrumentation, { quiet: [], callingBack: [] }, () => false);
    const call: Record<string, Call> = { onResult: (...args) => [active(), ...args] };
    context.with(named("first"), () => one.wrap(call, "onResult"));
    expect(context.with(named("second"), () => call.onResult?.("a"))).toEqual(["first", "a"]);
    expect(one.seen).toEqual([["a"]]);
  });
});
