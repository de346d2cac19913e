/** What the router counts besides what its peers do. */
export interface RouterCounters {
  /** Answers, and items of streams, that came after their call was over. */
  late: number;
  /** Answers to nothing that was asked, items of no stream. */
  stray: number;
  /** Deadlines that passed at the hub. */
  expired: number;
  /** Requests that were refused, and streams that were ended, because too much waited. */
  overloaded: number;
  /** Events that were not delivered because too much waited. */
  dropped: number;
  /** Events that nobody listened to. */
  unheard: number;
  /** Messages that were kept for somebody who was not there. */
  kept: number;
}

export function newCounters(): RouterCounters {
  return { late: 0, stray: 0, expired: 0, overloaded: 0, dropped: 0, unheard: 0, kept: 0 };
}
