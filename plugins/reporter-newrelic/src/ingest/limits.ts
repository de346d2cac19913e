import type { Attributes } from "./attributes.ts";

/** What New Relic takes at most. */
export const LIMITS = {
  /** Of one POST. */
  bytes: 1_000_000,
  attributes: 150,
  nameChars: 255,
  valueChars: 4096,
  pastMs: 172_800_000,
  futureMs: 86_400_000,
} as const;

/** Why an item would be thrown away there, so that it is not sent; undefined when it would not. */
export function unfit(
  name: string,
  time: number,
  attributes: Attributes,
  common: Attributes,
  now: number,
): string | undefined {
  if (name === "" || name.length > LIMITS.nameChars) return "its name is empty or too long";
  if (!(time >= now - LIMITS.pastMs)) return "it is older than 48 h";
  if (!(time <= now + LIMITS.futureMs)) return "it is more than 24 h ahead";
  const entries = Object.entries(attributes);
  if (entries.length + Object.keys(common).length > LIMITS.attributes) {
    return `it has more than ${LIMITS.attributes} attributes`;
  }
  return entries.map(([key, value]) => unfitAttribute(key, value)).find((why) => why !== undefined);
}

function unfitAttribute(key: string, value: unknown): string | undefined {
  if (key === "" || key.length > LIMITS.nameChars) {
    return "the name of an attribute is empty or too long";
  }
  if (typeof value === "string" && value.length > LIMITS.valueChars) {
    return "an attribute is too long";
  }
  if (typeof value === "number" && !Number.isFinite(value)) return "an attribute is no number";
  return undefined;
}

/** A text as long as may be. */
export function cut(text: string): string {
  return text.length <= LIMITS.valueChars ? text : `${text.slice(0, LIMITS.valueChars - 1)}…`;
}
