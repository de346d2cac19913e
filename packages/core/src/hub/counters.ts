/** What the router counts besides what its peers do. */
export interface RouterCounters {
  /** Answers that came after their caller had stopped waiting. */
  late: number;
  /** Answers to nothing that was asked. */
  stray: number;
  /** Deadlines that passed at the hub. */
  expired: number;
  /** Requests that were refused because too much waited. */
  overloaded: number;
  /** Events that were not delivered because too much waited. */
  dropped: number;
}

export function newCounters(): RouterCounters {
  return { late: 0, stray: 0, expired: 0, overloaded: 0, dropped: 0 };
}
