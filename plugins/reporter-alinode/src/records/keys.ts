import { createHash } from "node:crypto";
import type { Point, TagValue } from "@elpis/api";

const KEY_CHARS = 200;
const RESERVED: ReadonlySet<string> = new Set(["app", "process", "index"]);

/** What is behind the name in a key: whose it is, and its tags. `service` is the app that goes without saying. */
export function labelsOf({ source, tags }: Point, service: TagValue | undefined): string {
  const { app, name: process, index } = source;
  const own: [string, unknown][] = [
    ["app", app === service ? undefined : app],
    ["process", process],
    ["index", index],
  ];
  const named = Object.entries(tags).map(([key, value]): [string, unknown] => [
    RESERVED.has(key) ? `tags.${key}` : key,
    value,
  ]);
  return [...own, ...named]
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `%.${escaped(key)}%_${escaped(String(value))}`)
    .join("");
}

/**
 * The key of a value: letters, digits, `_`, `.` and `%` only, and no two series have the same. Anything else is `%` and two
 * digits, so that `%.` and `%_` can be nothing but what stands before a tag and its value.
 */
export function keyOf(name: string, suffix: string, labels: string): string {
  const key = escaped(name) + suffix + labels;
  if (key.length <= KEY_CHARS) return key;
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 12);
  return `${key.slice(0, KEY_CHARS - hash.length - 1)}.${hash}`;
}

function escaped(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_.]+/g, (part) =>
    [...Buffer.from(part)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
      .join(""),
  );
}
