import type { Attributes, AttributeValue } from "@opentelemetry/api";
import type { Tags, Value } from "../wire/packable.ts";

/** How many tags a span or event has, and how long a text in one is. */
export const MAX_TAGS = 128;
const MAX_CHARS = 4096;

export function tagsOf(attributes: Attributes): Tags {
  const tags: Array<string | Value> = [];
  for (const key in attributes) addTag(tags, key, attributes[key]);
  return tags;
}

/** Adds a tag, or changes it; what is none is left out. */
export function addTag(
  tags: Array<string | Value>,
  key: string,
  given: AttributeValue | undefined,
): void {
  const value = tagValue(given);
  if (value === undefined || key === "") return;
  for (let at = 0; at < tags.length; at += 2) {
    if (tags[at] === key) {
      tags[at + 1] = value;
      return;
    }
  }
  if (tags.length < 2 * MAX_TAGS) tags.push(key, value);
}

/** What can be a value; undefined: it is none. */
export function tagValue(value: unknown): Value | undefined {
  switch (typeof value) {
    case "string":
      return value.length > MAX_CHARS ? value.slice(0, MAX_CHARS) : value;
    case "number":
    case "boolean":
      return value;
    case "object":
      return Array.isArray(value) ? listOf(value) : undefined;
    default:
      return undefined;
  }
}

/** All of a list are of one kind; what is missing in between is left out. */
function listOf(values: readonly unknown[]): Value | undefined {
  const list = values.filter((one) => one !== null && one !== undefined);
  const type = typeof list[0];
  const isPlain = list.length === 0 || type === "string" || type === "number" || type === "boolean";
  if (!isPlain || list.some((one) => typeof one !== type)) return undefined;
  return list.map((one) => tagValue(one) as string | number | boolean);
}
