import { OVERFLOW_TAG, type Tags, type TagValue } from "./attributes.ts";
import { cutText, wellFormed } from "./hash.ts";

/** Names and values of tags in turn, in the order of their names: how tags are kept, and sent. */
export type FlatTags = readonly TagValue[];

/** The tags of an overflow series. */
export const OVERFLOW: FlatTags = [OVERFLOW_TAG, true];

/** Longest name of a tag, in characters. */
const MAX_TAG_NAME = 255;

/** How far attributes are taken. */
export interface TagLimits {
  readonly attributes: number;
  readonly attributeChars: number;
}

/**
 * Cleans attributes.
 *
 * @param onDrop called for each one that is dropped
 */
export function flatten(attributes: object, limits: TagLimits, onDrop: () => void): FlatTags {
  const pairs: [string, TagValue][] = [];
  // As the lookup does it, also what is inherited counts: both must see the same.
  for (const name in attributes) {
    const given = (attributes as Record<string, unknown>)[name];
    if (given === undefined || given === null) continue;
    const value = clean(given, limits.attributeChars);
    // A key like that could not be set on an object, nor sent.
    if (value === undefined || name === "" || name === "__proto__") onDrop();
    else pairs.push([cutText(name, MAX_TAG_NAME), value]);
  }
  pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const flat: TagValue[] = [];
  for (const [name, value] of pairs) {
    if (flat.length >= 2 * limits.attributes) onDrop();
    else flat.push(name, value);
  }
  return flat;
}

function clean(value: unknown, maxChars: number): TagValue | undefined {
  switch (typeof value) {
    case "string":
      return cutText(wellFormed(value), maxChars);
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
      return String(value);
    default:
      return Array.isArray(value) ? clean(value.map(textOf).join(","), maxChars) : undefined;
  }
}

function textOf(item: unknown): string {
  return item === null || item === undefined || typeof item === "object" ? "" : String(item);
}

/** A text that is equal for equal tags; `200` and `"200"` are equal, as they are in most places where tags end up. */
export function tagsKey(flat: FlatTags): string {
  let key = "";
  for (const part of flat) {
    const text = String(part);
    // With its length in front, no text can be taken for the end of one part and the start of the next.
    key += `${text.length}:${text}`;
  }
  return key;
}

/** Tags as an object. */
export function toTags(flat: FlatTags): Tags {
  const tags: Record<string, TagValue> = {};
  for (let at = 0; at < flat.length; at += 2) tags[String(flat[at])] = flat[at + 1] as TagValue;
  return tags;
}
