import { hasCode, type ReportCall } from "@elpis/api";
import type { Places } from "./options.ts";
import { bodyOf, type Door, type Part, Refused } from "./part.ts";
import { pack, post } from "./post.ts";

const HEADERS: Readonly<Record<Door, Readonly<Record<string, string>>>> = {
  metric: {},
  trace: { "data-format": "newrelic", "data-format-version": "1" },
  event: {},
};

/** What became of the parts of a batch so far: what was taken once is not sent again when the batch is. */
class Progress {
  readonly id: string;
  readonly settled = new Set<Door>();
  readonly refused = new Refused();
  taken = 0;

  constructor(id: string) {
    this.id = id;
  }
}

/** Sends the parts of one batch at a time, each to its door. */
export class Sender {
  readonly #key: string;
  readonly #places: Places;
  #progress = new Progress("");

  constructor(apiKey: string, places: Places) {
    this.#key = apiKey;
    this.#places = places;
  }

  /**
   * @returns what New Relic did not take
   * @throws RetryLater, TooLarge; Reject when nothing at all was taken; and what `fetch` throws
   */
  async send(
    id: string,
    parts: readonly Part[],
    call: Pick<ReportCall, "signal" | "attempt">,
  ): Promise<Refused> {
    if (this.#progress.id !== id) this.#progress = new Progress(id);
    const progress = this.#progress;
    const open = parts.filter(({ door }) => !progress.settled.has(door));
    // All before any is sent: what is too large should be known while nothing was taken.
    const bodies = new Map<Door, Buffer>();
    for (const part of open) bodies.set(part.door, await pack(bodyOf(part), part.items.length));
    for (const part of open) {
      const { door, items } = part;
      const body = bodies.get(door) as Buffer;
      try {
        await post(this.#places[door], body, this.#key, HEADERS[door], call);
        progress.taken += items.length;
      } catch (error) {
        if (!isFinal(error, progress)) throw error;
        progress.refused.add((error as Error).message, items.length);
      }
      progress.settled.add(door);
    }
    return progress.refused;
  }
}

/** The host divides what is too large; when a part of it was taken already, that would be sent twice. */
function isFinal(error: unknown, { taken }: Progress): boolean {
  if (hasCode(error, "ELPIS_REPORTER_TOO_LARGE")) return taken > 0;
  return hasCode(error, "ELPIS_REPORTER_REJECTED");
}
