/** What has become of items, since a reporter was added. */
export interface Counts {
  sent: number;
  /** The backend did not want them. */
  rejected: number;
  /** They never got there, or nobody knows. */
  dropped: number;
  /** Attempts that were made again. */
  retries: number;
}

export function noCounts(): Counts {
  return { sent: 0, rejected: 0, dropped: 0, retries: 0 };
}
