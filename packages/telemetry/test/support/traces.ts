import { onTestFinished } from "vitest";
import { type ActiveTrace, provideActiveTrace } from "../../src/index.ts";

/** A trace whose ids are made of a number. */
export function traceOf(number: number, sampled = true): ActiveTrace {
  const digits = number.toString(16);
  return { traceId: digits.padStart(32, "0"), spanId: digits.padStart(16, "0"), sampled };
}

/** The number of a trace by its id. */
export const numberOf = (traceId: unknown): number => Number.parseInt(String(traceId), 16);

/** Says which trace is under way, until the end of the test. */
export class FakeTracer {
  current: ActiveTrace | undefined;
  /** How often it was asked. */
  asked = 0;

  constructor() {
    const off = provideActiveTrace(() => {
      this.asked++;
      return this.current;
    });
    onTestFinished(off);
  }
}
