/** A span of wall-clock time that has a file of its own. */
export type Span = "day" | "hour" | "minute" | "second";

/** When a file is put aside, and what becomes of it. */
export interface RotationPolicy {
  /** Undefined: whatever the time. */
  readonly every?: Span | undefined;
  /** How many bytes a file may have; a line is never cut for it. Undefined: as many as come. */
  readonly maxBytes?: number | undefined;
  /**
   * `rename`: the file gets another name, and a new one takes its place. `truncate`: it is copied and emptied, for who
   * keeps it open.
   */
  readonly mode: "rename" | "truncate";
  /** Whether files that were put aside are compressed. */
  readonly compress: boolean;
  readonly keep: Retention;
}

/** Which of the files that were put aside stay. */
export interface Retention {
  /** The newest so many. */
  readonly files?: number | undefined;
  /** Those that are no older, in milliseconds. */
  readonly ageMs?: number | undefined;
}
