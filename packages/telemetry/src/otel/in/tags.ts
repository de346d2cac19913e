import type { SignalTags, Tags, TagValue } from "@elpis/api";
import { cutText, wellFormed } from "../../hash.ts";
import { flatten, toTags } from "../../tags.ts";

/** Of what somebody else measures; hosts cut further for each backend. */
const LIMITS = { attributes: 128, attributeChars: 4096 };

/** Attributes as tags of a point: lists are joined, what cannot be one is left out. */
export function pointTags(attributes: object): Tags {
  return toTags(flatten(attributes, LIMITS, () => {}));
}

/** Attributes as tags of a span: lists stay, what is nested is JSON. */
export function signalTags(attributes: object | undefined): SignalTags {
  const tags: Record<string, TagValue | TagValue[]> = {};
  for (const [name, value] of Object.entries(attributes ?? {}).slice(0, LIMITS.attributes)) {
    if (name === "" || name === "__proto__" || value === undefined || value === null) continue;
    tags[name] = Array.isArray(value) && !value.some(isNested) ? value.map(plain) : plain(value);
  }
  return tags;
}

const isNested = (value: unknown): boolean => typeof value === "object" && value !== null;

function plain(value: unknown): TagValue {
  switch (typeof value) {
    case "string":
      return cutText(wellFormed(value), LIMITS.attributeChars);
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "object":
      return value === null ? "" : json(value);
    default:
      return String(value ?? "");
  }
}

function json(value: object): string {
  try {
    return cutText(wellFormed(JSON.stringify(value)), LIMITS.attributeChars);
  } catch {
    // Something that goes round in circles, or is no plain data.
    return Object.prototype.toString.call(value);
  }
}
