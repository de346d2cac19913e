// Whether what came over the hub is what a reporter may rely on.

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): boolean => typeof value === "string";
const isTime = (value: unknown): boolean =>
  typeof value === "number" && Math.abs(value) <= MAX_TIME_MS;
const isPlainValue = (value: unknown): boolean =>
  ["string", "number", "boolean"].includes(typeof value);
const isTags = (value: unknown): boolean =>
  isFields(value) &&
  Object.values(value).every(
    (one) => isPlainValue(one) || (Array.isArray(one) && one.every(isPlainValue)),
  );
/** What a `Date` can hold. */
const MAX_TIME_MS = 8.64e15;
const SPAN_KINDS: readonly unknown[] = ["internal", "server", "client", "producer", "consumer"];
const SPAN_STATUSES: readonly unknown[] = ["unset", "ok", "error"];
const POINT_KINDS: readonly unknown[] = ["counter", "upDownCounter", "gauge", "histogram"];
const FIGURES = ["count", "sum", "min", "max", "mean", "p50", "p75", "p90", "p95", "p99", "p999"];

export function isEvent(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { name, time, tags } = value;
  return isText(name) && isTime(time) && isTags(tags);
}

export function isError(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { time, seq, origin, errType, message, stack, traceId } = value;
  const texts = [origin, errType, message, stack];
  return (
    isTime(time) &&
    Number.isSafeInteger(seq) &&
    texts.every(isText) &&
    (traceId === undefined || isText(traceId))
  );
}

export function isSpan(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { traceId, spanId, parentSpanId, name, kind, status, start, durationMs } = value;
  const { tags, events, links } = value;
  const isId = (id: unknown, digits: number): boolean =>
    typeof id === "string" && id.length === digits && /^[0-9a-f]+$/.test(id);
  const isLink = (link: unknown): boolean =>
    isFields(link) && isId(link.traceId, 32) && isId(link.spanId, 16) && isTags(link.tags);
  return (
    isId(traceId, 32) &&
    isId(spanId, 16) &&
    (parentSpanId === undefined || isId(parentSpanId, 16)) &&
    isText(name) &&
    SPAN_KINDS.includes(kind) &&
    SPAN_STATUSES.includes(status) &&
    isTime(start) &&
    isTime(durationMs) &&
    isTags(tags) &&
    Array.isArray(events) &&
    events.every(isEvent) &&
    Array.isArray(links) &&
    links.every(isLink)
  );
}

export function isPoint(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { name, unit, description, group, level, kind, tags, start, time } = value;
  const isCommon =
    [name, unit, description, group, level].every(isText) &&
    POINT_KINDS.includes(kind) &&
    isTags(tags) &&
    isTime(start) &&
    isTime(time);
  if (!isCommon || !areExemplars(value.exemplars)) return false;
  const isOfTime = ["cumulative", "delta"].includes(value.temporality as string);
  if (kind === "histogram") {
    return (
      isOfTime && FIGURES.every((key) => typeof value[key] === "number") && isBuckets(value.buckets)
    );
  }
  return typeof value.value === "number" && (kind !== "counter" || isOfTime);
}

function areExemplars(value: unknown): boolean {
  if (value === undefined) return true;
  return (
    Array.isArray(value) &&
    value.every((one) => {
      return isFields(one) && Number.isFinite(one.value) && isTime(one.time) && isTags(one.tags);
    })
  );
}

function isBuckets(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { scale, zeroCount, zeroThreshold, offset, counts } = value;
  return (
    [scale, zeroCount, zeroThreshold, offset].every((one) => typeof one === "number") &&
    Array.isArray(counts) &&
    counts.every((one) => typeof one === "number")
  );
}
