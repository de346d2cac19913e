import { Reject } from "@elpis/api";

/** Takes items to a server; rejects with what the host is to be told. */
export type Send = (items: readonly unknown[], signal: AbortSignal) => Promise<Taken>;

/** What a server says of items that it took. */
export interface Taken {
  /** Items that were not valid; undefined: it never says. */
  readonly invalid?: number;
}

/** Reads what `Transfer.Update` answers: `{ Message, Total, Invalid, Latency }`. @throws Reject when it is none */
export function takenOf(answer: unknown, sent: number): Taken {
  const { Total: total, Invalid: invalid } = (answer ?? {}) as Record<string, unknown>;
  if (!Number.isSafeInteger(total) || !Number.isSafeInteger(invalid)) {
    throw new Reject("the answer is not that of a transfer of Open-Falcon");
  }
  // What it does not even count, it has not taken either.
  return { invalid: (invalid as number) + Math.max(0, sent - (total as number)) };
}
