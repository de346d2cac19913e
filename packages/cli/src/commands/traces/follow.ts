import {
  type Client,
  hasCode,
  type TraceQuery,
  type TraceSummary,
  type TraceTopics,
} from "@elpis/api";
import { asMasterSaid, openLasting } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { say } from "../../output/report.ts";
import { pauseFor, untilLeft } from "../../until-signal.ts";
import { findTraces, type TraceLine } from "./ask.ts";

const DEFAULT_TIMEOUT_MS = 5000;
const PAUSE_MS = 1000;
/** How many of those that were printed are known again. */
const MAX_KNOWN = 10_000;

/** What is followed, and how it is shown. */
export interface FollowedTraces {
  readonly app: string;
  readonly query: TraceQuery;
  /** How many of the newest come first. */
  readonly lines: number;
  readonly timeoutMs: number | undefined;
  /** The oldest comes first. */
  print(items: readonly TraceSummary[]): void;
}

/** Prints the newest traces, and then those that are kept, until a signal comes. It goes on when the app comes back. */
export async function followTraces(context: CliContext, followed: FollowedTraces): Promise<void> {
  const { app, timeoutMs = DEFAULT_TIMEOUT_MS } = followed;
  const left = untilLeft(context);
  let client: Client<TraceTopics> | undefined;
  try {
    client = await openLasting<TraceTopics>(app, timeoutMs);
    const call = { timeoutMs, signal: left.signal };
    const following = new Following(context, { client, call }, followed);
    await following.begin();
    while (!left.signal.aborted) {
      await pauseFor(PAUSE_MS, left.signal);
      if (!left.signal.aborted) await following.goOn();
    }
  } catch (error) {
    if (!left.signal.aborted) throw asMasterSaid(app, error);
  } finally {
    left.off();
    await client?.close();
  }
}

class Following {
  readonly #context: CliContext;
  readonly #line: TraceLine;
  readonly #followed: FollowedTraces;
  readonly #known = new Set<string>();
  /** The number up to which all is shown. */
  #seen = 0;
  /** The last one that was shown. */
  #last: TraceSummary | undefined;
  #isAway = false;

  constructor(context: CliContext, line: TraceLine, followed: FollowedTraces) {
    this.#context = context;
    this.#line = line;
    this.#followed = followed;
  }

  /** Shows the newest of what there is. */
  async begin(): Promise<void> {
    const { query, lines } = this.#followed;
    // One is looked at in any case, so that whoever kept it is known again.
    const { lastSeq, items } = await findTraces(this.#line, query, Math.max(1, lines));
    this.#seen = lastSeq;
    this.#last = items[0];
    this.#show(items.slice(0, lines));
  }

  /** Shows what was kept since the last time. Whoever does not answer is asked again the next time. */
  async goOn(): Promise<void> {
    const { app } = this.#followed;
    try {
      const isSame = !this.#isAway || (await this.#isSame());
      if (!isSame) this.#seen = 0;
      await this.#showNew(isSame);
      if (this.#isAway) say(this.#context, `${app} is back`);
      this.#isAway = false;
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (!this.#isAway) say(this.#context, `nobody tells of the traces of ${app}; waiting`);
      this.#isAway = true;
    }
  }

  /** @param isSame false: how many there were before is not known */
  async #showNew(isSame: boolean): Promise<void> {
    let found = await this.#findNew();
    if (found.lastSeq < this.#seen) {
      // Numbers begin anew with whoever keeps traces.
      this.#seen = 0;
      found = await this.#findNew();
    }
    if (isSame) await this.#tellOfGap();
    this.#show(found.items);
    this.#seen = found.lastSeq;
  }

  #findNew(): ReturnType<typeof findTraces> {
    const query = { ...this.#followed.query, after: this.#seen };
    return findTraces(this.#line, query, Number.POSITIVE_INFINITY);
  }

  /** What had to make room for others before it was looked at is counted, whether it would have matched or not. */
  async #tellOfGap(): Promise<void> {
    const { client, call } = this.#line;
    const query = { after: this.#seen, limit: 1 };
    const page = await client.request("elpis.trace.list", query, call);
    const { firstSeq, lastSeq, total } = page;
    // What another one had kept before is gone with it, and no gap of this one.
    const missing = lastSeq === 0 ? 0 : lastSeq - Math.max(this.#seen, firstSeq - 1) - total;
    if (missing > 0) say(this.#context, `${missing} traces were gone before they could be shown`);
  }

  /** Whether it is still the one who kept what was shown last, and has it: else all that it has is new. */
  async #isSame(): Promise<boolean> {
    if (this.#last === undefined) return false;
    const { client, call } = this.#line;
    const { traceId, seq } = this.#last;
    return (await client.request("elpis.trace.get", { traceId }, call))?.seq === seq;
  }

  /** @param items the newest first */
  #show(items: readonly TraceSummary[]): void {
    const fresh = items.filter((one) => !this.#known.has(keyOf(one)));
    for (const one of fresh) this.#known.add(keyOf(one));
    for (const oldest of this.#known) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    this.#last = items[0] ?? this.#last;
    if (fresh.length > 0) this.#followed.print(fresh.reverse());
  }
}

/** One that is told again because something was added to it is another one. */
function keyOf({ traceId, status, spans }: TraceSummary): string {
  return `${traceId} ${status} ${spans}`;
}

/** Whoever kept traces is on the way out, in, or too busy. */
function isPassing(error: unknown): boolean {
  return (
    hasCode(error) &&
    (error.retryable || ["ELPIS_HUB_DEADLINE", "ELPIS_HUB_PEER_LOST"].includes(error.code))
  );
}
