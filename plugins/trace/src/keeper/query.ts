import type { TraceQuery, TraceStatus } from "@elpis/api";
import { badQuery } from "../errors.ts";
import { isCount, isFields, isTraceId } from "./fields.ts";

const STATUSES = [
  "unfinished",
  "timeout",
  "error",
  "slow",
  "normal",
] as const satisfies readonly TraceStatus[];
const MAX_LIMIT = 1000;

type Check = readonly [expected: string, test: (value: unknown) => boolean];

const text: Check = ["a text", (value) => typeof value === "string"];
const count: Check = ["a whole number from 0", isCount];
const time: Check = ["milliseconds since 1970", Number.isFinite];
const duration: Check = [
  "milliseconds from 0",
  (value) => Number.isFinite(value) && (value as number) >= 0,
];

const FIELDS: Readonly<Record<keyof TraceQuery, Check>> = {
  name: text,
  statuses: [
    `a list of ${STATUSES.join(", ")}`,
    (value) =>
      Array.isArray(value) && value.every((one) => (STATUSES as readonly unknown[]).includes(one)),
  ],
  minMs: duration,
  maxMs: duration,
  since: time,
  until: time,
  tags: [
    "an object of texts",
    (value) => isFields(value) && Object.values(value).every((one) => typeof one === "string"),
  ],
  process: text,
  after: count,
  order: ["asc or desc", (value) => value === "asc" || value === "desc"],
  offset: count,
  limit: [
    `a whole number from 1 to ${MAX_LIMIT}`,
    (value) => isCount(value) && value >= 1 && value <= MAX_LIMIT,
  ],
};

/** @throws ELPIS_TRACE_BAD_QUERY */
export function checkQuery(value: unknown): TraceQuery {
  if (!isFields(value)) throw badQuery("it is no object");
  for (const [name, found] of Object.entries(value)) {
    if (!Object.hasOwn(FIELDS, name)) {
      throw badQuery(`there is no ${name}, only ${Object.keys(FIELDS).join(", ")}`);
    }
    const [expected, test] = FIELDS[name as keyof TraceQuery];
    if (found !== undefined && !test(found)) throw badQuery(`${name} is ${expected}`);
  }
  return value;
}

/** The trace that is asked for. @throws ELPIS_TRACE_BAD_QUERY */
export function checkGet(value: unknown): string {
  if (!isFields(value)) throw badQuery("it is no object");
  const { traceId, ...others } = value;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) throw badQuery(`there is no ${unknown}, only traceId`);
  if (!isTraceId(traceId)) {
    throw badQuery("traceId has 32 hexadecimal digits, in lower case");
  }
  return traceId;
}
