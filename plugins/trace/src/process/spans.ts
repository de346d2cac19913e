import { toSpanFields } from "@elpis/telemetry/otel";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import type { SqlOptions } from "../options.ts";
import type { OpenSpan, SentSpan } from "../topics.ts";
import { maskSql } from "./mask-sql.ts";

/** Where instrumentations put statements. */
const STATEMENTS = ["db.query.text", "db.statement"];
/** From how far apart on a span has a beginning of its own, and not that of the moment in which it was made. */
const OWN_START_MS = 3;
/** How far the clock may be from where it was reckoned to be before it is reckoned anew. */
const CLOCK_MS = 20;
const MAX_STATEMENT = 2000;

type Fields = { -readonly [Key in keyof SentSpan]: SentSpan[Key] };

/** Makes plain data of spans: with times finer than those of the SDK, which are whole milliseconds, and statements masked. */
export class SpanMaker {
  readonly #sql: Required<SqlOptions>;
  /** What the monotonic clock has to be added to. */
  #origin = performance.timeOrigin;

  constructor({ record = true, mask = true }: SqlOptions) {
    this.#sql = { record, mask };
  }

  /** @param since when it was made, on the monotonic clock */
  sent(span: ReadableSpan, since: number | undefined): SentSpan {
    const fields: Fields = toSpanFields(span);
    fields.start = this.#start(fields.start, since);
    this.#mask(fields.tags);
    return fields;
  }

  /** The same for a span that is not over yet. */
  open(span: ReadableSpan, since: number | undefined): OpenSpan {
    const { traceId, spanId, parentSpanId, name, kind, start, tags } = this.sent(span, since);
    const parent = parentSpanId === undefined ? {} : { parentSpanId };
    return { traceId, spanId, ...parent, name, kind, start, tags };
  }

  #start(told: number, since: number | undefined): number {
    if (since === undefined) return told;
    const now = performance.now();
    // The clock was set, or has drifted away.
    if (Math.abs(Date.now() - now - this.#origin) > CLOCK_MS) this.#origin = Date.now() - now;
    const fine = this.#origin + since;
    return Math.abs(fine - told) > OWN_START_MS + CLOCK_MS ? told : fine;
  }

  #mask(tags: SentSpan["tags"]): void {
    for (const name of STATEMENTS) {
      const text = tags[name];
      if (typeof text !== "string") continue;
      const own = tags as Record<string, unknown>;
      const system = String(tags["db.system.name"] ?? tags["db.system"] ?? "");
      if (!this.#sql.record) delete own[name];
      else if (this.#sql.mask) own[name] = maskSql(text, system).slice(0, MAX_STATEMENT);
    }
  }
}
