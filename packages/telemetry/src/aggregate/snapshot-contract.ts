/** What an aggregator leaves to the next one; plain data, not to be looked into. */
export interface AggregatorSnapshot {
  readonly v: 1;
  readonly time: number;
  readonly isFinal: boolean;
  readonly content: unknown;
}
