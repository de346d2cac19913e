import type { Batch } from "@elpis/api";
import { Budget } from "../files/budget.ts";
import type { AlinodeOptions } from "../options.ts";
import { type AccessRecord, accessOf } from "./access.ts";
import { type ErrorEntry, errorEntries } from "./errors.ts";
import { packed } from "./lines.ts";
import { type Pair, pairsOf } from "./pairs.ts";
import { Refused } from "./refused.ts";
import { type TracingRecord, tracingOf } from "./spans.ts";

const LINES = 200;
/** Errors that the collector keeps of a minute. */
const ERRORS = 10;

/** What of a batch is written or sent. */
export interface Records {
  /** Values, line by line. */
  readonly lines: readonly (readonly Pair[])[];
  readonly spans: readonly TracingRecord[];
  readonly errors: readonly ErrorEntry[];
  readonly access: readonly AccessRecord[];
  readonly refused: Refused;
}

/** Makes records of batches, and never more of them than are read. */
export class Recorder {
  readonly #scale: Readonly<Record<string, number>>;
  readonly #hasAccess: boolean;
  readonly #budgets: Readonly<Record<"lines" | "spans" | "errors", Budget>>;
  readonly #now: () => number;

  /** @param now a clock that is not set */
  constructor({ scale = {}, access = false, lines = LINES }: AlinodeOptions, now: () => number) {
    this.#now = now;
    this.#scale = scale;
    this.#hasAccess = access;
    this.#budgets = {
      lines: new Budget(lines),
      spans: new Budget(lines),
      errors: new Budget(ERRORS),
    };
  }

  /** Call it once for a batch: what it gives counts as written. */
  make({ points, spans, errors, resource }: Batch): Records {
    const now = this.#now();
    const refused = new Refused();
    const writing = { scale: this.#scale, service: resource["service.name"] };
    const lines = packed(pairsOf(points, writing, refused));
    const tracing = tracingOf(spans, refused);
    const entries = errorEntries(errors);
    const room = {
      lines: this.#budgets.lines.take(lines.length, now),
      spans: this.#budgets.spans.take(tracing.length, now),
      errors: this.#budgets.errors.take(entries.length, now),
    };
    refused.add("more lines than are read of a minute", lines.slice(room.lines).flat().length);
    refused.add("more spans than are read of a minute", tracing.length - room.spans);
    refused.add("more errors than are read of a minute", entries.length - room.errors);
    return {
      lines: lines.slice(0, room.lines).map((line) => line.flat()),
      spans: tracing.slice(0, room.spans),
      errors: entries.slice(0, room.errors),
      access: this.#hasAccess ? accessOf(spans) : [],
      refused,
    };
  }
}
