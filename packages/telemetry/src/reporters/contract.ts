import type { Logger, Reporters, Tags } from "@elpis/api";
import type { PointReader, ReaderOptions } from "../aggregate/contract.ts";
import type { SenderClock } from "../delta/contract.ts";

/** Runs reporters, until it is told to stop. */
export interface ReporterHost extends Reporters {
  /** Ends all of them, each after what waits was sent once more; whoever is added later is not opened. */
  close(): Promise<void>;
}

/** What a host of reporters depends on. */
export interface ReporterHostOptions {
  /** Makes a reader of merged points. */
  readonly createReader: (options: ReaderOptions) => PointReader;
  readonly log: Logger;
  /** What is true of everything: `service.name`, `host.name`, `service.instance.id`, … */
  readonly resource?: Tags;
  /** @default that of the system */
  readonly clock?: SenderClock;
  /** From 0 to 1, for pauses. @default Math.random */
  readonly random?: () => number;
  /** How much of its first interval a reporter waits, from 0 to 1, so that not all have their turn at once. @default random */
  readonly phase?: () => number;
  /** How long what waits may take to leave when a reporter is closed, in milliseconds. @default 2000 */
  readonly flushMs?: number;
}
