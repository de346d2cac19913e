/** What the door has seen since it was opened. */
export interface DoorStats {
  /** Clients that are peers now. */
  readonly joined: number;
  /** Connections that have not proved themselves. */
  readonly halfOpen: number;
  /** Connections that were refused or ended by the door, by code. */
  readonly closes: Readonly<Record<string, number>>;
  /** Events that a client lost, because too much waited for it or it was too large. */
  readonly droppedEvents: number;
  /** Events of clients that could not be sent. */
  readonly refusedEvents: number;
  /** Answers of clients that nobody waited for any more. */
  readonly lateReplies: number;
}

/** The same, while it is counted. */
export class Counters {
  closes: Record<string, number> = Object.create(null);
  droppedEvents = 0;
  refusedEvents = 0;
  lateReplies = 0;

  closed(code: string): void {
    this.closes[code] = (this.closes[code] ?? 0) + 1;
  }
}
