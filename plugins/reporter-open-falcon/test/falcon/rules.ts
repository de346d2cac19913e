/** What `encoding/json` makes of an item, or the whole push is refused. */
export interface ReadItem {
  readonly endpoint: string;
  readonly metric: string;
  readonly value: unknown;
  readonly step: number;
  readonly counterType: string;
  readonly tags: string;
  readonly timestamp: number;
}

const TEXTS = ["endpoint", "metric", "counterType", "tags"] as const;
const NUMBERS = ["step", "timestamp"] as const;
const MAX_INT64 = 2 ** 63;

/** Reads a push as Go reads it into its struct. Undefined: it cannot be read, and all of it is lost. */
export function readPush(body: string): (ReadItem | null)[] | undefined {
  let list: unknown;
  try {
    list = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  const items = list.map(readItem);
  return items.includes(undefined) ? undefined : (items as (ReadItem | null)[]);
}

function readItem(item: unknown): ReadItem | null | undefined {
  if (item === null) return null;
  if (typeof item !== "object" || Array.isArray(item)) return undefined;
  const found = { ...item } as Record<string, unknown>;
  for (const key of TEXTS) {
    found[key] ??= "";
    if (typeof found[key] !== "string") return undefined;
  }
  for (const key of NUMBERS) {
    found[key] ??= 0;
    if (!Number.isInteger(found[key]) || Math.abs(found[key] as number) >= MAX_INT64) {
      return undefined;
    }
  }
  return found as unknown as ReadItem;
}

/** What a transfer counts as invalid. */
export function isValid(item: ReadItem | null): item is ReadItem {
  if (item === null || item.metric === "kernel.hostname") return false;
  const { metric, endpoint, counterType, value, step, tags } = item;
  if (metric === "" || endpoint === "") return false;
  if (!["COUNTER", "GAUGE", "DERIVE"].includes(counterType)) return false;
  if (value === "" || step <= 0) return false;
  if (Buffer.byteLength(metric) + Buffer.byteLength(tags) > 510) return false;
  if (typeof value === "string") return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value);
  return typeof value === "number";
}

/** The tags that are left of a text: without spaces, in order, the last of one name; what has no `=` is gone. */
export function readTags(text: string): Map<string, string> {
  const tags = new Map<string, string>();
  for (const tag of text.replaceAll(" ", "").split(",")) {
    const at = tag.indexOf("=");
    if (at >= 0) tags.set(tag.slice(0, at), tag.slice(at + 1));
  }
  return new Map(
    [...tags].sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other))),
  );
}

/** Some of the characters that the Go of a server does not know yet. */
const YOUNG = "\u20BF\u0870\uA7CA\u2E52\u312E\u9FFC";

/** What the storage drops: `IsValidString` of its graph. */
export function isStored(text: string): boolean {
  return [...text].every(
    (char) =>
      !`\r\n'">\u001A${YOUNG}`.includes(char) && /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char),
  );
}

/** What the index can hold: 255 characters of three bytes at most. */
export function isIndexed(text: string): boolean {
  const chars = [...text];
  return chars.length <= 255 && chars.every((char) => (char.codePointAt(0) ?? 0) <= 0xffff);
}
