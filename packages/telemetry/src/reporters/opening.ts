import type { AddedReporter, Reporter, ReporterContext } from "@elpis/api";
import type { SenderClock } from "../delta/contract.ts";
import { openTimedOut } from "../errors.ts";
import { Pauses } from "./pauses.ts";
import { timed } from "./timed.ts";

const OPEN_MS = 10_000;
const LONGEST_PAUSE_MS = 60_000;

/** What opens a reporter. */
export interface OpeningParts {
  readonly added: AddedReporter;
  readonly context: ReporterContext;
  readonly clock: SenderClock;
  readonly random: () => number;
  readonly onFailed: (error: unknown) => void;
  /** Takes it; what it throws counts as a failure to open. */
  readonly onOpen: (reporter: Reporter) => void;
  /** For one that is open too late. */
  readonly end: (reporter: Reporter) => Promise<void>;
}

/**
 * Opens a reporter, and tries again until that works: a backend that is away, or a file that is not there yet, must not keep an
 * application from starting.
 *
 * @returns what gives it up
 */
export function openReporter(parts: OpeningParts): () => void {
  const { clock, random, onFailed, onOpen } = parts;
  const pauses = new Pauses(LONGEST_PAUSE_MS, random);
  let isOver = false;
  let off = (): void => {};
  const attempt = async (): Promise<void> => {
    try {
      const reporter = await openOnce(parts, () => isOver);
      if (reporter !== undefined) onOpen(reporter);
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

/** @returns undefined when nobody wants it any more */
function openOnce(
  { added, context, clock, end }: OpeningParts,
  isOver: () => boolean,
): Promise<Reporter | undefined> {
  let isLate = false;
  const late = (): Error => {
    isLate = true;
    return openTimedOut(added.name, OPEN_MS);
  };
  return timed(clock, OPEN_MS, late, async () => {
    const reporter = await added.open(added.own, context);
    if (!(isLate || isOver())) return reporter;
    await end(reporter);
    return undefined;
  });
}
