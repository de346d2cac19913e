import { type Client, ElpisError, type Event, type Off } from "@elpis/api";
import { activeTrace } from "../active-trace.ts";
import { defineIndicator } from "./define.ts";
import { hookErrors } from "./error-hooks.ts";
import { type ErrorFacts, type ErrorRecord, makeRecord } from "./error-record.ts";
import { indicators } from "./offered.ts";
import { measure } from "./plain.ts";
import { RecentLog } from "./recent.ts";
import { shared } from "./shared.ts";

/** The group of the error indicator. */
export const ERROR_GROUP = "error";
/** Each error is told as it happens, within a bound. */
export const ERROR_TOPIC = "elpis.error";

/** How many are told in a second; the others are kept and counted all the same. */
const TOLD_PER_SECOND = 20;
/** What an answer may take. */
const MAX_ANSWER_BYTES = 400 * 1024;

/** What processes tell about errors. */
export interface ErrorTopics {
  readonly "elpis.error": Event<ErrorRecord>;
}

/** What the error indicator of a process answers. */
export interface ErrorReport {
  /** Errors since this is watched; of them the newest are kept. */
  readonly total: number;
  /** Oldest first. */
  readonly records: readonly ErrorRecord[];
}

/** How errors are kept. */
export interface ErrorLogOptions {
  /** How many of the newest. @default 100 */
  readonly keep?: number;
  /** The trace that is under way, for a record. @default that of {@link activeTrace} */
  readonly traceId?: () => string | undefined;
}

/** The errors of this process. */
export interface ErrorLog {
  /** Records one that was caught. */
  record(error: unknown, more?: { readonly message?: string; readonly traceId?: string }): void;
  readonly report: ErrorReport;
  /** Lets go of `console`, `process` and the loggers. */
  stop(): void;
}

/**
 * Keeps the newest errors of this process, those that nobody caught and those that were logged, and offers them as the
 * indicator of the group `error`. Once for each connection to the hub: later calls get what the first has made, and may have more kept. It does
 * not change how the process dies, nor what it prints.
 */
export function errorLog(hub: Client, options: ErrorLogOptions = {}): ErrorLog {
  const holder = logOf(hub);
  holder.log?.keep(options.keep ?? 0);
  holder.log ??= new KeptErrors(hub, options, () => {
    holder.log = undefined;
  });
  return holder.log;
}

const logOf = shared<{ log?: KeptErrors | undefined }>("error-log", () => ({}));

class KeptErrors implements ErrorLog {
  readonly #hub: Client;
  readonly #traceId: () => string | undefined;
  readonly #recent: RecentLog<ErrorRecord>;
  readonly #offs: readonly Off[];
  #toldSince = 0;
  #told = 0;

  constructor(hub: Client, options: ErrorLogOptions, onStop: Off) {
    const { keep = 100, traceId = () => activeTrace()?.traceId } = options;
    this.#hub = hub;
    this.#traceId = traceId;
    this.#recent = new RecentLog(keep);
    const offered = indicators(hub).add(
      defineIndicator({ group: ERROR_GROUP, scope: "process", collect: () => this.report }),
    );
    const unhook = hookErrors((facts) => this.#take(facts), traceId);
    this.#offs = [unhook, () => offered.remove(), onStop];
  }

  keep(count: number): void {
    this.#recent.grow(count);
  }

  get report(): ErrorReport {
    const records: ErrorRecord[] = [];
    let left = MAX_ANSWER_BYTES;
    for (const record of this.#recent.all().reverse()) {
      const measured = measure(record, left);
      if (!measured.ok) break;
      left -= measured.bytes;
      records.push(record);
    }
    return { total: this.#recent.total, records: records.reverse() };
  }

  record(
    error: unknown,
    { traceId, ...more }: { readonly message?: string; readonly traceId?: string } = {},
  ): void {
    this.#take({
      ...{ origin: "recorded", error, ...more },
      ...(traceId !== undefined && { traceId }),
    });
  }

  stop(): void {
    for (const off of this.#offs) off();
  }

  #take(facts: ErrorFacts): void {
    // What is watched must not fail because it is watched.
    try {
      const traceId = "traceId" in facts ? facts.traceId : this.#traceId();
      const { location } = this.#hub;
      const seq = this.#recent.total + 1;
      const record = makeRecord({ ...facts, traceId }, location, seq, Date.now());
      this.#recent.add(record);
      this.#tell(record);
    } catch (error) {
      process.emitWarning(
        new ElpisError("ELPIS_TELEMETRY_ERROR_LOST", "An error could not be kept.", {
          cause: error,
        }),
      );
    }
  }

  #tell(record: ErrorRecord): void {
    const now = performance.now();
    if (now - this.#toldSince > 1000) {
      this.#toldSince = now;
      this.#told = 0;
    }
    this.#told += 1;
    if (this.#told > TOLD_PER_SECOND) return;
    const client = this.#hub as unknown as Client<ErrorTopics>;
    client.emit(ERROR_TOPIC, record).catch(() => {});
  }
}
