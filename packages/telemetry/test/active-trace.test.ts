import { expect, it, onTestFinished } from "vitest";
import { activeTrace, provideActiveTrace, withTrace } from "../src/index.ts";
import { FakeTracer, traceOf } from "./support/traces.ts";

it("is what the newest provider says, and that of the one before when it has ended", () => {
  expect(activeTrace()).toBeUndefined();
  const first = provideActiveTrace(() => traceOf(1));
  const second = provideActiveTrace(() => traceOf(2, false));
  expect(activeTrace()).toEqual(traceOf(2, false));
  second();
  second();
  expect(activeTrace()).toEqual(traceOf(1));
  const third = provideActiveTrace(() => undefined);
  first();
  expect(activeTrace()).toBeUndefined();
  third();
  expect(activeTrace()).toBeUndefined();
});

it("ends the right one of two that provide the same", () => {
  const read = () => traceOf(1);
  const [first, second] = [provideActiveTrace(read), provideActiveTrace(read)];
  onTestFinished(second);
  first();
  first();
  expect(activeTrace()).toEqual(traceOf(1));
});

it("is the same for all copies of the package", async () => {
  const copy: typeof import("../src/active-trace.ts") = await import(
    // @ts-expect-error the compiler does not know that a query gives another copy
    "../src/active-trace.ts?copy"
  );
  expect(copy.activeTrace).not.toBe(activeTrace);
  const off = copy.provideActiveTrace(() => traceOf(3));
  expect(activeTrace()).toEqual(traceOf(3));
  off();
  expect(activeTrace()).toBeUndefined();
});

it("is none when a provider throws", () => {
  const off = provideActiveTrace(() => {
    throw new Error("trap");
  });
  onTestFinished(off);
  expect(activeTrace()).toBeUndefined();
});

it("is another one while something is told later than it happened", () => {
  expect(withTrace(traceOf(7), activeTrace)).toBeUndefined();
  const tracer = new FakeTracer();
  tracer.current = traceOf(1);
  expect(withTrace(traceOf(7), activeTrace)).toEqual(traceOf(7));
  expect(withTrace(undefined, activeTrace)).toBeUndefined();
  const failing = (): never => {
    throw new Error("boom");
  };
  expect(() => withTrace(traceOf(7), failing)).toThrow("boom");
  expect(activeTrace()).toEqual(traceOf(1));
});
