import type { AddedReporter, Reporter, ReporterContext } from "@elpis/api";
import type { SenderClock } from "../delta/contract.ts";
import { openTimedOut } from "../errors.ts";
import { Pauses } from "./pauses.ts";
import { timed } from "./timed.ts";

const OPEN_MS = 10_000;
const LONGEST_PAUSE_MS = 60_000;
/** Openings that have not come back: with so many no other one is begun. */
const MAX_PENDING = 2;

/** What opens a reporter. */
export interface OpeningParts {
  readonly added: AddedReporter;
  readonly context: ReporterContext;
  readonly clock: SenderClock;
  readonly random: () => number;
  readonly onFailed: (error: unknown) => void;
  /** Takes it; what it throws counts as a failure to open. */
  readonly onOpen: (reporter: Reporter) => void;
  /** For one that nobody wants. */
  readonly end: (reporter: Reporter) => Promise<void>;
}

/**
 * Opens a reporter, and tries again until that works: a backend that is away, or a file that is not there yet, must not keep an
 * application from starting.
 *
 * @returns what gives it up
 */
export function openReporter(parts: OpeningParts): () => void {
  const { added, context, clock, random, onFailed, onOpen, end } = parts;
  const pauses = new Pauses(LONGEST_PAUSE_MS, random);
  let pending = 0;
  let isOver = false;
  let off = (): void => {};

  const openOnce = async (): Promise<void> => {
    let isLate = false;
    const late = (): Error => {
      isLate = true;
      return openTimedOut(added.name, OPEN_MS);
    };
    pending += 1;
    const reporter = await timed(clock, OPEN_MS, late, async () => {
      try {
        const opened = await added.open(added.own, context);
        if (isLate) await end(opened);
        return opened;
      } finally {
        pending -= 1;
      }
    });
    try {
      if (!isOver) return onOpen(reporter);
    } catch (error) {
      await end(reporter);
      throw error;
    }
    await end(reporter);
  };

  const attempt = async (): Promise<void> => {
    try {
      // One that hangs is not helped by another one that hangs.
      if (pending < MAX_PENDING) await openOnce();
      else throw openTimedOut(added.name, OPEN_MS);
    } catch (error) {
      if (isOver) return;
      onFailed(error);
      pauses.failed();
      off = clock.after(pauses.next(), () => void attempt());
    }
  };
  void attempt();
  return () => {
    isOver = true;
    off();
  };
}
