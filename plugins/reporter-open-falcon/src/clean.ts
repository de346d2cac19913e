import { createHash } from "node:crypto";
import { UNPRINTABLE } from "./characters.ts";

/** What a text is part of. */
export type Place = "endpoint" | "metric" | "tagName" | "tagValue";

/** What tells the parts of a series apart, so that no two of them read the same. */
const MARKS: Readonly<Record<Place, RegExp>> = {
  endpoint: /$^/g,
  metric: /=/g,
  tagName: /[=,/]/g,
  tagValue: /,/g,
};

/** The server drops items of that name. */
const RESERVED_METRIC = "kernel.hostname";
const HASH_CHARS = 8;

/** Eight hexadecimal digits that stand for a text. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, HASH_CHARS);
}

/** A text with `_` for what is not allowed in its place, and with a hash behind it then, so that two texts stay two. */
export function cleanText(text: string, place: Place): string {
  const cleaned = text.replaceAll(UNPRINTABLE, "_").replaceAll(MARKS[place], "_");
  if (place === "metric" && cleaned === RESERVED_METRIC) return `kernel_hostname~${hashOf(text)}`;
  if (cleaned === "" && place !== "tagValue") return `_~${hashOf(text)}`;
  return cleaned === text ? text : `${cleaned}~${hashOf(text)}`;
}

/** A text of at most so many bytes of UTF-8, and so of characters; a longer one is cut, with a hash behind it. */
export function cutText(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  let kept = "";
  let bytes = HASH_CHARS + 1;
  for (const char of text) {
    bytes += Buffer.byteLength(char);
    if (bytes > maxBytes) break;
    kept += char;
  }
  return `${kept}~${hashOf(text)}`;
}
