import type { SignalTags, TraceSpan } from "@elpis/api";
import { printable } from "../../output/printable.ts";
import { cut } from "../../output/table.ts";

const MAX_QUERY = 40;

/** What the tags of a span say in short: the status of HTTP, the database and what it was asked, why it failed. */
export function notesOf(span: TraceSpan, cutMark: string): string[] {
  const { tags } = span;
  const query = text(tags, "db.query.text", "db.statement");
  const notes = [
    text(tags, "http.response.status_code", "http.status_code"),
    text(tags, "db.system.name", "db.system"),
    query === undefined ? undefined : cut(query, MAX_QUERY, cutMark),
    failureOf(span),
  ];
  return notes.filter((note) => note !== undefined && note !== "") as string[];
}

/** Why a span failed, in one line; undefined: it did not, or nobody said. */
export function failureOf({ status, statusMessage, tags, events }: TraceSpan): string | undefined {
  if (status !== "error") return undefined;
  if (statusMessage !== undefined && statusMessage !== "") return oneLine(statusMessage);
  const thrown = events.find(({ tags: own }) => own["exception.message"] !== undefined);
  return text(thrown?.tags ?? {}, "exception.message") ?? text(tags, "error.type");
}

function text(tags: SignalTags, ...names: readonly string[]): string | undefined {
  const name = names.find((one) => Object.hasOwn(tags, one));
  return name === undefined ? undefined : oneLine(String(tags[name]));
}

function oneLine(value: string): string {
  return printable(value.replace(/\s+/g, " ").trim());
}
