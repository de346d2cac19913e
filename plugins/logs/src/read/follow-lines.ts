import { type DecodedLine, decodeLine } from "../lines/decode.ts";
import { Follower } from "./follower.ts";
import type { LogPosition } from "./position.ts";

/** How {@link followLines} follows. */
export interface FollowOptions {
  /** The files that are written. One that is not there yet is read from its begin when it is. */
  readonly files: readonly string[];
  /** Where to go on, as `readLines` gives it. @default the begin of each file */
  readonly from?: ReadonlyMap<string, LogPosition> | undefined;
  readonly accept: (line: DecodedLine) => boolean;
  readonly onLine: (line: DecodedLine) => void;
  readonly signal: AbortSignal;
  /** How often to look, in milliseconds. @default 100 */
  readonly intervalMs?: number | undefined;
}

/**
 * Calls `onLine` for each line that is appended to some logs, until the signal is aborted, however their files are put
 * aside, compressed or emptied meanwhile. What is found in one look is in the order of time.
 */
export async function followLines(options: FollowOptions): Promise<void> {
  const { files, from, accept, onLine, signal, intervalMs = 100 } = options;
  const followers = [...new Set(files)].map((file) => new Follower(file, from?.get(file)));
  while (!signal.aborted) {
    const found: DecodedLine[] = [];
    for (const follower of followers) {
      for (const text of await follower.poll()) {
        const line = decodeLine(text);
        if (line !== undefined && accept(line)) found.push(line);
      }
    }
    // Lines of one log stay as they are when a clock goes back.
    if (followers.length > 1) found.sort((one, other) => one.time - other.time);
    for (const line of found) onLine(line);
    await pause(intervalMs, signal);
  }
}

function pause(forMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, forMs);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
