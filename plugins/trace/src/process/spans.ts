import { redact, type SpanEvent, type SpanLink } from "@elpis/api";
import type { Attributes } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import type { SqlOptions } from "../options.ts";
import type { OpenSpan, SentSpan } from "../topics.ts";
import { maskSql } from "./mask-sql.ts";

const KINDS = ["internal", "server", "client", "producer", "consumer"] as const;
const STATUS = ["unset", "ok", "error"] as const;
/** Where instrumentations put statements. */
const STATEMENTS = ["db.query.text", "db.statement"];
/** From how far apart on a span has a beginning of its own, and not that of the moment in which it was made. */
const OWN_START_MS = 25;
/** How far the clock may be from where it was reckoned to be before it is reckoned anew. */
const CLOCK_MS = 20;
/** Where they put addresses, with their queries. */
const ADDRESSES = ["url.full", "http.url", "http.target"];
const QUERIES = ["url.query"];
const MAX_STATEMENT = 2000;
const MAX_NAME = 500;
const MAX_MESSAGE = 500;
const NONE: readonly never[] = [];

type Time = readonly [seconds: number, nanoseconds: number];
type Tags = SentSpan["tags"];
type Fields = { -readonly [Key in keyof SentSpan]: SentSpan[Key] };

/** Makes plain data of spans: with times finer than those of the SDK, which are whole milliseconds, and statements masked. */
export class SpanMaker {
  readonly #sql: Required<SqlOptions>;
  readonly #withQuery: boolean;
  /** What the monotonic clock has to be added to. */
  #origin = performance.timeOrigin;

  /** @param withQuery whether queries of addresses are told, without what looks like a secret */
  constructor({ record = true, mask = true }: SqlOptions, withQuery: boolean) {
    this.#sql = { record, mask };
    this.#withQuery = withQuery;
  }

  /**
   * A span that is over. Nothing is copied that does not have to be: it is not written to any more.
   * @param since when it was made, on the monotonic clock
   */
  sent(span: ReadableSpan, since: number | undefined): SentSpan {
    const { traceId, spanId, traceState } = span.spanContext();
    const { status, parentSpanContext, instrumentationScope: scope } = span;
    const fields: Fields = {
      traceId,
      spanId,
      name: span.name.slice(0, MAX_NAME),
      kind: KINDS[span.kind] ?? "internal",
      start: this.#start(msOf(span.startTime), since),
      durationMs: Math.max(0, msOf(span.duration)),
      status: STATUS[status.code] ?? "unset",
      tags: this.#tags(span.attributes),
      events: span.events.length === 0 ? NONE : span.events.map(eventOf),
      links: span.links.length === 0 ? NONE : span.links.map(linkOf),
      instrumentation:
        scope.version === undefined
          ? { name: scope.name }
          : { name: scope.name, version: scope.version },
    };
    if (parentSpanContext !== undefined) fields.parentSpanId = parentSpanContext.spanId;
    if (traceState !== undefined) fields.traceState = traceState.serialize();
    if (status.message !== undefined && status.message !== "") {
      const isOfDatabase = "db.system.name" in fields.tags || "db.system" in fields.tags;
      // A database quotes what it could not take.
      const masked = isOfDatabase && this.#sql.mask;
      const text = masked ? status.message.replace(/'[^']*'|"[^"]*"/g, "?") : status.message;
      fields.statusMessage = text.slice(0, MAX_MESSAGE);
    }
    return fields;
  }

  /** The same for a span that is not over yet. */
  open(span: ReadableSpan, since: number | undefined): OpenSpan {
    const { traceId, spanId } = span.spanContext();
    const parent = span.parentSpanContext;
    return {
      traceId,
      spanId,
      ...(parent !== undefined && { parentSpanId: parent.spanId }),
      name: span.name.slice(0, MAX_NAME),
      kind: KINDS[span.kind] ?? "internal",
      start: this.#start(msOf(span.startTime), since),
      // It goes on to be written to.
      tags: this.#tags({ ...span.attributes }),
    };
  }

  #start(told: number, since: number | undefined): number {
    if (since === undefined) return told;
    const drift = Date.now() - performance.now() - this.#origin;
    // The clock was set, or has drifted away.
    if (drift > CLOCK_MS || drift < -CLOCK_MS) this.#origin += drift;
    const fine = this.#origin + since;
    return Math.abs(fine - told) > OWN_START_MS ? told : fine;
  }

  #tags(attributes: Attributes): Tags {
    const tags = attributes as Record<string, Tags[string]>;
    for (const name of STATEMENTS) {
      const text = attributes[name];
      if (typeof text !== "string") continue;
      const system = String(attributes["db.system.name"] ?? attributes["db.system"] ?? "");
      if (!this.#sql.record) delete attributes[name];
      else if (this.#sql.mask) attributes[name] = maskSql(text, system).slice(0, MAX_STATEMENT);
    }
    for (const name of ADDRESSES) {
      const text = attributes[name];
      if (typeof text !== "string") continue;
      const end = text.indexOf("?");
      const told = this.#withQuery || end === -1 ? text : text.slice(0, end);
      attributes[name] = String(redact(told));
    }
    for (const name of QUERIES) {
      const text = attributes[name];
      if (typeof text !== "string") continue;
      if (this.#withQuery) attributes[name] = String(redact(`?${text}`)).slice(1);
      else delete attributes[name];
    }
    return tags;
  }
}

function eventOf({ name, time, attributes }: ReadableSpan["events"][number]): SpanEvent {
  return { name, time: msOf(time), tags: (attributes ?? {}) as Tags };
}

function linkOf({ context, attributes }: ReadableSpan["links"][number]): SpanLink {
  const { traceId, spanId } = context;
  return { traceId, spanId, tags: (attributes ?? {}) as Tags };
}

function msOf([seconds, nanoseconds]: Time): number {
  return seconds * 1000 + nanoseconds / 1e6;
}
