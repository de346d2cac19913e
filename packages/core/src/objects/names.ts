import { objectBadName } from "../errors.ts";

const MAX_NAME_BYTES = 128;
const MAX_TAG_BYTES = 64;

/** Names that a language or a library looks for by itself: a promise's, a serialiser's, every object's own. */
const RESERVED: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  "prototype",
  "then",
  "toJSON",
]);

/** Whether a name cannot be that of a method or property for others. */
export function isReserved(name: unknown): boolean {
  return typeof name !== "string" || name === "" || name.startsWith("$") || RESERVED.has(name);
}

/** @throws ELPIS_OBJECT_BAD_NAME */
export function checkObjectName(name: unknown, tag: unknown): void {
  if (!isLabel(name, MAX_NAME_BYTES)) throw objectBadName("name", name, MAX_NAME_BYTES);
  if (tag !== undefined && !isLabel(tag, MAX_TAG_BYTES)) {
    throw objectBadName("tag", tag, MAX_TAG_BYTES);
  }
}

/** What the topics begin with under which objects are called. */
export const OBJECT_TOPIC_PREFIX = "elpis.object.";

/** Where an object with exactly this tag is called; without a tag, every object of that name. */
export function callTopic(name: string, tag: string | undefined): string {
  return `${OBJECT_TOPIC_PREFIX}${labelOf(name, tag)}`;
}

/** Where its events are streamed. */
export function eventTopic(name: string, tag: string | undefined): string {
  return `elpis.events.${labelOf(name, tag)}`;
}

/** An object for a person to read. */
export function labelOf(name: string, tag: string | undefined): string {
  return tag === undefined ? name : `${name}#${tag}`;
}

function isLabel(text: unknown, maxBytes: number): boolean {
  if (typeof text !== "string" || text === "" || text.includes("#")) return false;
  return Buffer.byteLength(text) <= maxBytes;
}
