import type { Logger } from "@elpis/api";
import type { Answers } from "./state.ts";
import type { WriterVerb } from "./topics.ts";

/** What some writers of a file are asked. */
export interface Question {
  readonly path: string;
  readonly verb: WriterVerb;
  /** As they were named when they were registered. */
  readonly writers: readonly string[];
}

/** What a rotator needs of the world. */
export interface SharedFilesEdges {
  /**
   * Asks writers, within a bound: a second for `hold`. Resolves with who has done it, who has not, and who is gone.
   */
  readonly ask: (question: Question) => Promise<Answers>;
  readonly log: Logger;
  /** Milliseconds since 1970, for rotation by time. @default Date.now */
  readonly now?: () => number;
  /** Milliseconds that nobody sets. @default performance.now */
  readonly monotonicNow?: () => number;
}
