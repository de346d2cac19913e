import type { EventRecord, Point, PointSource, Tags } from "@elpis/api";
import type { LineName } from "./lines.ts";
import { cut, hashOf, marked } from "./names.ts";

/** What is longer is cut by the backend, without a word. */
const NAME_CHARS = 200;
const TAG_CHARS = 200;
const MAX_SUFFIX_CHARS = 10;
/** Bytes of all tags of a line: a gauge below zero is two lines with them, and both have to fit into a packet. */
const TAGS_BYTES = 450;
const TITLE_BYTES = 200;
const TEXT_BYTES = 600;
const RESERVED = ["app", "process", "index"];

/** Of a resource, what the server knows by itself, or the source says. */
const KNOWN = ["service.name", "host.name", "service.instance.id"];

/** Tags that whoever picked the reporter has given it, as part of the resource. */
export function givenTags(resource: Tags): Tags {
  return Object.fromEntries(Object.entries(resource).filter(([key]) => !KNOWN.includes(key)));
}

/** The name is the name, and tags are tags. @param given for all points; those of a point come before them */
export function dogName(
  prefix: string,
  point: Point,
  suffix: string,
  hash?: string,
  given: Tags = {},
): LineName {
  const name = prefix === "" ? point.name : `${prefix}.${point.name}`;
  // Others are not taken, or become such ones.
  const cleaned = name.replaceAll(/[^A-Za-z0-9_.]/gu, "_").replace(/^(?![A-Za-z])/, "m_");
  return {
    name: cut(marked(name, cleaned), NAME_CHARS - MAX_SUFFIX_CHARS) + suffix,
    tail: tailOf(point.source, { ...given, ...point.tags }, hash),
  };
}

/** An event as `_e{…}` has it. Its attributes are tags, and its text as well. */
export function eventLine(event: EventRecord, given: Tags = {}): string {
  const title = cutBytes(oneLine(event.name) || "event", TITLE_BYTES);
  const said = Object.entries(event.tags).map(([key, value]) => `${key}=${value}`);
  const text = cutBytes(oneLine(said.join(" ")) || title, TEXT_BYTES);
  const sizes = `${Buffer.byteLength(title)},${Buffer.byteLength(text)}`;
  const time = `d:${Math.floor(event.time / 1000)}`;
  return `_e{${sizes}}:${title}|${text}|${time}${tailOf(event.source, { ...given, ...event.tags })}`;
}

function tailOf(source: PointSource, tags: Tags, hash?: string): string {
  const pairs = [...pairsOf(source, tags), ...(hash === undefined ? [] : [`series:${hash}`])];
  if (pairs.length === 0) return "";
  const whole = pairs.join(",");
  if (Buffer.byteLength(whole) <= TAGS_BYTES) return `|#${whole}`;
  // Those that come last go, and one that stands for all comes.
  const rest = `cut:${hashOf(whole)}`;
  let kept = rest;
  for (const pair of pairs) {
    if (Buffer.byteLength(`${kept},${pair}`) > TAGS_BYTES) break;
    kept += `,${pair}`;
  }
  return `|#${kept}`;
}

/** Those of the source come first. A tag of a point that is called the same is kept apart. */
function pairsOf({ app, name, index }: PointSource, tags: Tags): string[] {
  const own = Object.entries({ app, process: name, index }).filter(([, one]) => one !== undefined);
  const rest = Object.entries(tags)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]) => [RESERVED.includes(key) ? `tag_${key}` : key, value] as const);
  return [...own, ...rest].map(([key, value]) => {
    const text = String(value);
    const cleanKey = marked(key, clean(key.replaceAll(":", "_")) || "_");
    return cut(`${cleanKey}:${marked(text, clean(text) || "_")}`, TAG_CHARS);
  });
}

/** With what the backend would put in place of others. */
function clean(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}_\-:./]/gu, "_");
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}|]+/gu, " ").trim();
}

function cutBytes(text: string, max: number): string {
  let short = cut(text, max);
  while (Buffer.byteLength(short) > max) short = cut(text, Math.floor(short.length * 0.8));
  return short;
}
