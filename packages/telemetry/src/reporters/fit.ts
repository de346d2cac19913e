import type {
  ErrorRecord,
  EventRecord,
  Point,
  SignalTags,
  SpanRecord,
  Tags,
  Wants,
} from "@elpis/api";
import { cutText, wellFormed } from "../hash.ts";

/** How far texts and tags go. */
export interface FitLimits {
  readonly nameChars: number;
  readonly valueChars: number;
  readonly tags: number;
}

const DEFAULTS: FitLimits = { nameChars: 255, valueChars: 1024, tags: 64 };
/** Of the texts of an error. */
const ERROR_CHARS = 8192;

/** The limits of a reporter. */
export function limitsOf({ limits = {} }: Wants): FitLimits {
  const { nameChars, valueChars, tags } = limits;
  return {
    nameChars: nameChars ?? DEFAULTS.nameChars,
    valueChars: valueChars ?? DEFAULTS.valueChars,
    tags: tags ?? DEFAULTS.tags,
  };
}

/** A point within the limits; undefined when its value is no number. What fits already is left as it is. */
export function fitPoint(point: Point, limits: FitLimits): Point | undefined {
  const numbers = point.kind === "histogram" ? [point.count, point.sum] : [point.value];
  if (!numbers.every(Number.isFinite)) return undefined;
  const name = cutText(point.name, limits.nameChars);
  const tags = fitTags(point.tags, limits) as Tags;
  return name === point.name && tags === point.tags ? point : { ...point, name, tags };
}

/** A span, an error or an event within the limits. */
export function fitRecord<Item extends SpanRecord | ErrorRecord | EventRecord>(
  item: Item,
  limits: FitLimits,
): Item {
  if (!("tags" in item)) {
    const { message, stack } = item as ErrorRecord;
    if (message.length <= ERROR_CHARS && stack.length <= ERROR_CHARS) return item;
    const [short, first] = [message, stack].map((text) => cutText(wellFormed(text), ERROR_CHARS));
    return { ...item, message: short, stack: first };
  }
  const name = cutText(wellFormed(item.name), limits.nameChars);
  const tags = fitTags(item.tags, limits);
  const inner = "events" in item ? fitInner(item, limits) : {};
  const isSame = name === item.name && tags === item.tags && Object.keys(inner).length === 0;
  return isSame ? item : { ...item, ...inner, name, tags };
}

/** What a span has inside, as far as it has to be cut. */
function fitInner(span: SpanRecord, limits: FitLimits): Partial<SpanRecord> {
  const { events, links, statusMessage } = span;
  const fitAll = <Part extends { readonly tags: SignalTags }>(parts: readonly Part[]): Part[] =>
    parts.map((part) => {
      const tags = fitTags(part.tags, limits);
      return tags === part.tags ? part : { ...part, tags };
    });
  const isLong = (statusMessage?.length ?? 0) > limits.valueChars;
  const [fitEvents, fitLinks] = [fitAll(events), fitAll(links)];
  return {
    ...(fitEvents.some((one, at) => one !== events[at]) && { events: fitEvents }),
    ...(fitLinks.some((one, at) => one !== links[at]) && { links: fitLinks }),
    ...(isLong && { statusMessage: cutText(statusMessage ?? "", limits.valueChars) }),
  };
}

function fitTags(tags: SignalTags, { tags: count, valueChars }: FitLimits): SignalTags {
  const all = Object.entries(tags);
  const isFine = all.length <= count && all.every(([, value]) => isShort(value, valueChars));
  if (isFine) return tags;
  const kept = all.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, count);
  return Object.fromEntries(kept.map(([name, value]) => [name, cutValue(value, valueChars)]));
}

function isShort(value: SignalTags[string], max: number): boolean {
  if (typeof value === "string") return value.length <= max;
  if (typeof value !== "object") return true;
  return value.length <= MAX_LIST && value.every((one) => isShort(one, max));
}

function cutValue(value: SignalTags[string], max: number): SignalTags[string] {
  if (typeof value === "string") return cutText(value, max);
  if (typeof value !== "object") return value;
  return value.slice(0, MAX_LIST).map((one) => (typeof one === "string" ? cutText(one, max) : one));
}

/** Elements of a list. */
const MAX_LIST = 128;
