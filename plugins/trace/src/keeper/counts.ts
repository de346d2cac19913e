import type { MoreStats } from "./contract.ts";

/** What only grows. */
export type Counts = { -readonly [Key in Exclude<keyof MoreStats, "pending" | "cached">]: number };

export function noCounts(): Counts {
  return {
    spans: 0,
    kept: 0,
    letGo: 0,
    spansKept: 0,
    spansLetGo: 0,
    late: 0,
    lateFailures: 0,
    lostAtSender: 0,
    lostHere: 0,
    duplicates: 0,
    malformed: 0,
    early: 0,
    handedOver: 0,
  };
}
