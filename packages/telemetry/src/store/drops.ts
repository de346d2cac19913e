import type { DropReason } from "./contract.ts";

const REASONS: readonly DropReason[] = [
  "non-finite",
  "negative",
  "instrument-limit",
  "conflict",
  "overflow",
  "attribute",
  "observation",
  "callback",
  "exemplar",
];

/** Counts what a store drops, by the reason. */
export class Drops {
  readonly counts: Record<DropReason, number> = Object.fromEntries(
    REASONS.map((reason) => [reason, 0]),
  ) as Record<DropReason, number>;

  add(reason: DropReason): void {
    this.counts[reason]++;
  }

  /** Counts a value that a counter or a histogram refused. */
  addValue(value: number): void {
    this.add(value < 0 && value !== Number.NEGATIVE_INFINITY ? "negative" : "non-finite");
  }
}
