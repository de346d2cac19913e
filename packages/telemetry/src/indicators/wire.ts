import type { ErrorData, Event, Location, Request } from "@elpis/api";
import { badAnswer } from "./errors.ts";
import type { IndicatorScope } from "./types.ts";

/** Every process that has indicators answers it. */
export const INDICATOR_TOPIC = "elpis.indicator";
/** An indicator says its value without having been asked. */
export const PUSH_TOPIC = "elpis.indicator.push";

/** What is asked. */
export interface IndicatorQuestion {
  readonly group: string;
  readonly query: unknown;
}

/** What one indicator answers. */
export type WireAnswer = {
  readonly name: string;
  readonly scope: IndicatorScope;
} & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: ErrorData }
);

/** What a process answers. */
export interface IndicatorReply {
  readonly answers: readonly WireAnswer[];
}

/** What is pushed. */
export interface IndicatorPush {
  readonly group: string;
  readonly name: string;
  readonly scope: IndicatorScope;
  readonly value: unknown;
  /** When, in milliseconds since 1970. */
  readonly time: number;
  /** Whether the process has indicators of this group that have to be asked. */
  readonly asks: boolean;
}

/** What indicators say to whoever gathers them. */
export interface IndicatorTopics {
  readonly "elpis.indicator": Request<IndicatorQuestion, IndicatorReply>;
  readonly "elpis.indicator.push": Event<IndicatorPush>;
}

const SCOPES: readonly unknown[] = ["system", "app", "process"];

/** @throws ELPIS_TELEMETRY_BAD_ANSWER */
export function readReply(value: unknown): readonly WireAnswer[] {
  if (!isRecord(value) || !Array.isArray(value.answers)) throw badAnswer("it holds no answers");
  for (const answer of value.answers as unknown[]) {
    if (!isRecord(answer) || !isNamed(answer)) throw badAnswer("one has no name or scope");
    if (answer.ok !== true && !(answer.ok === false && isError(answer.error))) {
      throw badAnswer(`${answer.name} has neither a value nor an error`);
    }
  }
  return value.answers as WireAnswer[];
}

/** Undefined: it is none. */
export function readPush(value: unknown): IndicatorPush | undefined {
  if (!isRecord(value) || !isNamed(value)) return undefined;
  const isWhole = typeof value.group === "string" && typeof value.time === "number";
  return isWhole ? (value as unknown as IndicatorPush) : undefined;
}

/** `shop/web.1`, for keys: peers are told apart by their number. */
export function keyOf({ id }: Location, group: string, name: string): string {
  return `${id} ${group} ${name}`;
}

function isNamed(value: Readonly<Record<string, unknown>>): boolean {
  return typeof value.name === "string" && SCOPES.includes(value.scope);
}

function isError(value: unknown): boolean {
  return isRecord(value) && typeof value.message === "string" && typeof value.name === "string";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
