import type { DecodedLine } from "../lines/decode.ts";
import { BackwardsReader, type Wanted } from "./backwards.ts";
import type { LogPosition } from "./position.ts";

/** What {@link readLines} reads. */
export interface ReadOptions extends Wanted {
  /** The files that are written, such as `web.log` and `jobs.log`; what was put aside of them is found. */
  readonly files: readonly string[];
}

/** The last lines of some logs. */
export interface LastLines {
  /** Of all logs together, the oldest first. */
  readonly lines: readonly DecodedLine[];
  /** Where each log ends, for `followLines` to go on from there. */
  readonly positions: ReadonlyMap<string, LogPosition>;
}

/**
 * Reads the last lines that are accepted, merged by time over several logs and over all that was put aside of them. Costs
 * no more than what has to be looked at: files are read from their ends, and one that is compressed is only opened when
 * those after it have too few.
 *
 * @returns undefined when there is none of the files
 */
export async function readLines(options: ReadOptions): Promise<LastLines | undefined> {
  const { files, ...wanted } = options;
  const readers = new Map(
    [...new Set(files)].map((one) => [one, new BackwardsReader(one, wanted)]),
  );
  try {
    for (const reader of readers.values()) await reader.open();
    if (![...readers.values()].some(({ isThere }) => isThere)) return undefined;
    const lines = await newestOf([...readers.values()], options.count);
    const positions = new Map([...readers].map(([file, { position }]) => [file, position]));
    return { lines: lines.reverse(), positions };
  } finally {
    for (const reader of readers.values()) await reader.close();
  }
}

interface Source {
  readonly lines: AsyncGenerator<DecodedLine>;
  next: DecodedLine | undefined;
}

async function newestOf(
  readers: readonly BackwardsReader[],
  count: number,
): Promise<DecodedLine[]> {
  const found: DecodedLine[] = [];
  if (count <= 0) return found;
  let sources: Source[] = [];
  for (const reader of readers) sources.push(await advance(reader.lines()));
  while (found.length < count) {
    sources = sources.filter(({ next }) => next !== undefined);
    const newest = sources.reduce<Source | undefined>(later, undefined);
    if (newest?.next === undefined) break;
    found.push(newest.next);
    newest.next = (await newest.lines.next()).value ?? undefined;
  }
  for (const { lines } of sources) await lines.return(undefined);
  return found;
}

async function advance(lines: AsyncGenerator<DecodedLine>): Promise<Source> {
  return { lines, next: (await lines.next()).value ?? undefined };
}

/** Among lines of one time, those of the log that was named last come last. */
function later(one: Source | undefined, other: Source): Source {
  if (one?.next === undefined) return other;
  return (other.next?.time ?? 0) >= one.next.time ? other : one;
}
