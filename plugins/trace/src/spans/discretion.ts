import { redact } from "@elpis/api";
import type { SqlOptions } from "../options.ts";
import type { OpenSpan } from "../topics.ts";
import { HUB_FROM, KINDS } from "../wire/layout.ts";
import { type Packable, type Rewrite, tagOf, type Value } from "../wire/packable.ts";
import type { LiveSpan } from "./live-span.ts";
import { maskSql } from "./mask-sql.ts";

/** Where instrumentations put statements. */
const STATEMENTS: readonly string[] = ["db.query.text", "db.statement"];
/** Where they put addresses, with their queries. */
const ADDRESSES: readonly string[] = ["url.full", "http.url", "http.target"];
const QUERIES: readonly string[] = ["url.query"];
const MAX_STATEMENT = 2000;
const MAX_NAME = 500;
const MAX_MESSAGE = 500;

/** What of a span is told: statements are masked, and addresses have no secrets. */
export class Discretion {
  readonly #sql: Required<SqlOptions>;
  readonly #withQuery: boolean;

  /** @param withQuery whether queries of addresses are told, without what looks like a secret */
  constructor({ record = true, mask = true }: SqlOptions, withQuery: boolean) {
    this.#sql = { record, mask };
    this.#withQuery = withQuery;
  }

  /** What becomes of the values of a tag. */
  readonly rewriteOf = (name: string): Rewrite | undefined => {
    if (STATEMENTS.includes(name)) return ofTexts((text, span) => this.#statement(text, span));
    if (ADDRESSES.includes(name)) return ofTexts((text) => this.#address(text));
    if (QUERIES.includes(name)) return ofTexts((text) => this.#query(text));
    return undefined;
  };

  /** Has a span that is over say nothing in its name and message that it should not. */
  finish(span: LiveSpan): void {
    if (span.name.length > MAX_NAME) span.name = span.name.slice(0, MAX_NAME);
    const { statusMessage: message } = span;
    if (message === undefined) return;
    const isOfDatabase = systemOf(span) !== undefined;
    // A database quotes what it could not take.
    const masked = isOfDatabase && this.#sql.mask;
    const text = masked ? message.replace(/'[^']*'|"[^"]*"/g, "?") : message;
    span.statusMessage = text.slice(0, MAX_MESSAGE);
  }

  /** What is told of a span that is not over yet. */
  open(span: LiveSpan): OpenSpan {
    const { spanId, parentSpanId, name, kind, start, from } = span;
    const tags: Record<string, OpenSpan["tags"][string]> = {};
    for (let at = 0; at < span.tags.length; at += 2) {
      const name = span.tags[at] as string;
      const rewrite = this.rewriteOf(name);
      const value = span.tags[at + 1] as Value;
      const told = rewrite === undefined ? value : rewrite(value, span);
      if (told !== undefined) tags[name] = told as OpenSpan["tags"][string];
    }
    if (from !== undefined) tags[HUB_FROM] = from;
    return {
      traceId: span.trace.text,
      spanId,
      ...(parentSpanId !== undefined && { parentSpanId }),
      name: name.slice(0, MAX_NAME),
      kind: KINDS[kind] ?? "internal",
      start,
      tags,
    };
  }

  #statement(text: string, span: Packable): string | undefined {
    if (!this.#sql.record) return undefined;
    if (!this.#sql.mask) return text;
    return maskSql(text, systemOf(span) ?? "").slice(0, MAX_STATEMENT);
  }

  #address(text: string): string {
    const end = text.indexOf("?");
    return String(redact(this.#withQuery || end === -1 ? text : text.slice(0, end)));
  }

  #query(text: string): string | undefined {
    return this.#withQuery ? String(redact(`?${text}`)).slice(1) : undefined;
  }
}

function ofTexts(rewrite: (text: string, span: Packable) => string | undefined): Rewrite {
  return (value, span) => (typeof value === "string" ? rewrite(value, span) : value);
}

/** Which database a span asked, if it asked one. */
function systemOf({ tags }: Packable): string | undefined {
  const system = tagOf(tags, "db.system.name") ?? tagOf(tags, "db.system");
  return system === undefined ? undefined : String(system);
}
