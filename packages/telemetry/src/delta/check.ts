import { badDelta } from "../errors.ts";
import { SPAN_DIGITS, TRACE_DIGITS } from "../exemplars/exemplar.ts";
import { MAX_SCALE } from "../histogram/scale.ts";
import type { Delta } from "./wire.ts";

const MAX_BUCKET = 2 ** 17;
/** What a `Date` can hold. */
const MAX_TIME_MS = 8.64e15;

type Check = (value: unknown) => boolean;

const isWhole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumber: Check = (value) => Number.isFinite(value);
const isText: Check = (value) => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const isTagValue: Check = (value) => isText(value) || isNumber(value) || isFlag(value);
const isList: Check = (value) => Array.isArray(value);

const FIELDS: Readonly<Record<Exclude<keyof Delta, "v">, Check>> = {
  run: isText,
  seq: isWhole,
  full: isFlag,
  more: isFlag,
  carried: isFlag,
  attempted: isFlag,
  final: isFlag,
  start: isNumber,
  time: isNumber,
  everyMs: isNumber,
  instruments: isListOf(isInstrument),
  series: isListOf(isSeries),
  numbers: isNumbers,
  histograms: isListOf(isHistogram),
  gone: isListOf(isWhole),
};

/** Whatever came, if it is a delta. @throws ELPIS_TELEMETRY_BAD_DELTA */
export function checkDelta(value: unknown): Delta {
  if (typeof value !== "object" || value === null) throw badDelta("it is no object");
  const { v } = value as Partial<Delta>;
  if (v !== 1) throw badDelta(`its form is ${String(v)} and not 1`);
  for (const [name, isRight] of Object.entries(FIELDS)) {
    if (!isRight((value as Record<string, unknown>)[name])) throw badDelta(`${name} is wrong`);
  }
  return value as Delta;
}

function isListOf(isRight: Check): Check {
  return (value) => Array.isArray(value) && value.every(isRight);
}

function isInstrument(value: unknown): boolean {
  if (!isList(value)) return false;
  const [ref, name, kind, unit, description, group, level, merge, bounds] = value as unknown[];
  return (
    isWhole(ref) &&
    [name, unit, description, group].every(isText) &&
    [kind, level, merge].every(isWhole) &&
    (bounds === null || isListOf(isNumber)(bounds))
  );
}

function isSeries(value: unknown): boolean {
  if (!isList(value)) return false;
  const [ref, instrument, tags] = value as unknown[];
  if (!isWhole(ref) || !isWhole(instrument) || !Array.isArray(tags)) return false;
  return (
    tags.length % 2 === 0 &&
    tags.every((part, at) => (at % 2 === 0 ? isText(part) : isTagValue(part)))
  );
}

/** In a loop of its own: there may be thousands, each second. */
function isNumbers(value: unknown): boolean {
  if (!Array.isArray(value) || value.length % 2 !== 0) return false;
  for (let at = 0; at < value.length; at += 2) {
    if (!isWhole(value[at]) || !isNumber(value[at + 1])) return false;
  }
  return true;
}

function isHistogram(value: unknown): boolean {
  if (!isList(value)) return false;
  const [ref, count, sum, min, max, zeroCount, scale, buckets, exemplars] = value as unknown[];
  return (
    isWhole(ref) &&
    isWhole(count) &&
    isWhole(zeroCount) &&
    [sum, min, max].every((part) => isNumber(part) && (part as number) >= 0) &&
    isWhole(MAX_SCALE - (scale as number)) &&
    (scale as number) >= 0 &&
    areBuckets(buckets) &&
    (exemplars === undefined || isListOf(isExemplar)(exemplars))
  );
}

function isExemplar(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [number, own, time, traceId, spanId] = value as unknown[];
  return (
    isWhole(number) &&
    isNumber(own) &&
    (own as number) >= 0 &&
    isNumber(time) &&
    Math.abs(time as number) <= MAX_TIME_MS &&
    isText(traceId) &&
    (traceId as string).length === TRACE_DIGITS &&
    isText(spanId) &&
    (spanId as string).length === SPAN_DIGITS
  );
}

function areBuckets(value: unknown): boolean {
  if (!Array.isArray(value) || value.length % 2 !== 0) return false;
  let index = 0;
  for (let at = 0; at < value.length; at += 2) {
    index += value[at];
    if (!Number.isSafeInteger(index) || Math.abs(index) > MAX_BUCKET) return false;
    if (!isWhole(value[at + 1])) return false;
  }
  return true;
}
