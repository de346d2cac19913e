import type { PointSource, SignalTags, TagValue } from "@elpis/api";
import { cut, LIMITS } from "./limits.ts";

/** What New Relic keeps with an item. */
export type Attributes = Readonly<Record<string, TagValue>>;

/** Names that an item needs for itself; a tag of that name gets `tags.` in front of it. */
const RESERVED: ReadonlySet<string> = new Set(["app", "process", "index"]);

/** Whose an item is, so that no two series are one. */
export function sourceAttributes(source: PointSource): Attributes {
  return {
    ...(source.app !== undefined && { app: source.app }),
    ...(source.name !== undefined && { process: source.name }),
    ...(source.index !== undefined && { index: source.index }),
  };
}

/** Tags and what is the item's own. Lists become JSON: attributes are flat. */
export function attributesOf(own: Attributes, tags: SignalTags): Attributes {
  const named = Object.entries(tags).map(([key, value]): [string, TagValue] => [
    RESERVED.has(key) || Object.hasOwn(own, key) ? `tags.${key}` : key,
    Array.isArray(value) ? JSON.stringify(value) : (value as TagValue),
  ]);
  return Object.fromEntries([...named, ...Object.entries(own)]);
}

/** What is true of all of a batch. Anything that New Relic does not take would spoil the whole block: texts are cut, others left out. */
export function commonAttributes(resource: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(resource)
      .filter(([key, value]) => key !== "" && key.length <= LIMITS.nameChars && isKept(value))
      .map(([key, value]) => [key, typeof value === "string" ? cut(value) : value]),
  );
}

/** Whole numbers are kept in 64 bits. */
function isKept(value: TagValue): boolean {
  return typeof value !== "number" || (Number.isFinite(value) && Math.abs(value) < 2 ** 63);
}
