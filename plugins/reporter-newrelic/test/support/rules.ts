/** The rules of New Relic's ingest APIs, written down apart from the reporter. Each says what is wrong, or nothing. */

type Json = Record<string, unknown>;

const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);
const isHex = (value: unknown, chars: number): boolean =>
  typeof value === "string" && new RegExp(`^[0-9a-f]{${chars}}$`).test(value);

export function* metricBody(body: unknown, now: number): Generator<string> {
  for (const block of blocksOf(body, "metrics")) {
    if (typeof block === "string") return yield block;
    for (const metric of block.items) yield* metricRules(metric, block.common, now);
  }
}

function* metricRules(metric: Json, common: Json, now: number): Generator<string> {
  const { name, type, value, timestamp, attributes, "interval.ms": interval, ...rest } = metric;
  if (Object.keys(rest).length > 0) yield `unknown keys ${Object.keys(rest)}`;
  if (typeof name !== "string" || name === "" || name.length > 255) yield `bad name ${name}`;
  yield* timeRules(timestamp, now);
  yield* attributeRules(attributes, common);
  if (type === "gauge") {
    if (!isNumber(value)) yield `gauge ${name} has no number`;
    if (interval !== undefined) yield "a gauge has no interval.ms";
  } else if (type === "count") {
    if (!isNumber(value) || value < 0) yield `count ${name} is not a number from 0`;
    if (!Number.isInteger(interval) || (interval as number) < 1) yield "count without interval.ms";
  } else if (type === "summary") {
    if (!isRecord(value)) return yield "a summary without a value";
    const { count, sum, min, max, ...more } = value;
    if (Object.keys(more).length > 0) yield `a summary with ${Object.keys(more)}`;
    if (![count, sum, min, max].every(isNumber)) yield "a summary with what is no number";
    if (!Number.isInteger(interval) || (interval as number) < 1) {
      yield "summary without interval.ms";
    }
  } else yield `unknown type ${type}`;
}

export function* traceBody(body: unknown, now: number): Generator<string> {
  for (const block of blocksOf(body, "spans")) {
    if (typeof block === "string") return yield block;
    for (const { id, "trace.id": trace, timestamp, attributes, ...rest } of block.items) {
      if (Object.keys(rest).length > 0) yield `unknown keys ${Object.keys(rest)}`;
      if (!isHex(id, 16)) yield `bad id ${id}`;
      if (!isHex(trace, 32)) yield `bad trace.id ${trace}`;
      yield* timeRules(timestamp, now);
      yield* attributeRules(attributes, block.common);
      const { name, "duration.ms": duration, "service.name": service } = attributes as Json;
      if (typeof name !== "string") yield "a span without a name";
      if (!isNumber(duration)) yield "a span without duration.ms";
      if (typeof service !== "string") yield "a span without service.name";
    }
  }
}

export function* eventBody(body: unknown, now: number): Generator<string> {
  if (!Array.isArray(body)) return yield "events are not a list";
  for (const event of body) {
    if (!isRecord(event)) return yield "an event is no object";
    const { eventType, timestamp } = event;
    if (
      typeof eventType !== "string" ||
      !/^[a-zA-Z0-9:_ ]+$/.test(eventType) ||
      eventType.length > 255
    ) {
      yield `bad eventType ${eventType}`;
    }
    yield* timeRules(timestamp, now);
    yield* attributeRules(event, {});
  }
}

function* blocksOf(
  body: unknown,
  key: "metrics" | "spans",
): Generator<string | { common: Json; items: Json[] }> {
  if (!Array.isArray(body)) return yield "the body is not a list";
  for (const block of body) {
    if (!isRecord(block)) return yield "a block is no object";
    const common = isRecord(block.common) ? (block.common.attributes as Json) : {};
    for (const value of Object.values(common)) {
      if (value === null || typeof value === "object") return yield "common drops the block";
    }
    const items = block[key];
    if (!Array.isArray(items) || !items.every(isRecord)) return yield `${key} are no objects`;
    yield { common, items };
  }
}

function* timeRules(time: unknown, now: number): Generator<string> {
  if (!Number.isInteger(time)) return yield `timestamp ${time} is not in whole milliseconds`;
  if ((time as number) < now - 48 * 3_600_000) yield `timestamp ${time} is too old`;
  if ((time as number) > now + 24 * 3_600_000) yield `timestamp ${time} is in the future`;
}

function* attributeRules(attributes: unknown, common: Json): Generator<string> {
  if (!isRecord(attributes)) return yield "attributes are no object";
  const entries = Object.entries({ ...common, ...attributes });
  if (entries.length > 150) yield `${entries.length} attributes`;
  for (const [key, value] of entries) {
    if (key.length > 255) yield `name of an attribute with ${key.length} characters`;
    if (typeof value === "string") {
      if (value.length > 4096) yield `an attribute of ${value.length} characters`;
    } else if (typeof value !== "boolean" && !isNumber(value)) yield `attribute ${key}: ${value}`;
  }
}
