import type { Point } from "@elpis/api";
import type { LineName } from "./lines.ts";
import { cut, marked } from "./names.ts";

/** A file of Graphite has to hold a part of a name, and a packet all of it. */
const PART_CHARS = 100;
const NAME_CHARS = 250;
/** The suffix of a histogram stays when a name is cut. */
const MAX_SUFFIX_CHARS = 10;

/** Everything is in the name: `prefix.app.process.index.name.suffix.tag.value.tag.value`. */
export function statsdName(prefix: string, point: Point, suffix: string, hash?: string): LineName {
  const { app, name, index } = point.source;
  const source = [app, name, index].filter((part) => part !== undefined);
  const tags = Object.entries(point.tags).sort(([one], [other]) => (one < other ? -1 : 1));
  const parts = [
    ...(prefix === "" ? [] : [prefix]),
    ...source.map(partOf),
    cut(dotted(point.name), NAME_CHARS - MAX_SUFFIX_CHARS) + suffix,
    ...tags.flat().map(partOf),
    ...(hash === undefined ? [] : [hash]),
  ];
  return { name: cut(parts.join("."), NAME_CHARS), tail: "" };
}

/** One part of a name. Points are common in tags, and become `_` without more ado. */
function partOf(value: string | number | boolean): string {
  const text = String(value).replaceAll(".", "_");
  return cut(marked(text, text.replaceAll(/[^\w-]/gu, "_") || "_"), PART_CHARS);
}

function dotted(name: string): string {
  const cleaned = name
    .replaceAll(/[^\w.-]/gu, "_")
    .replaceAll(/\.+/g, ".")
    .replace(/^\.|\.$/g, "_");
  return marked(name, cleaned);
}
