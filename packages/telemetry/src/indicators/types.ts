import type { ErrorData, Location } from "@elpis/api";

/**
 * Whose an answer is, which says how often it counts: `system` of the machine, once; `app` of the application, once however
 * many processes give it; `process` of each process by itself.
 */
export type IndicatorScope = "system" | "app" | "process";

/** What `collect` learns besides the query. */
export interface IndicatorContext {
  /** Who asks. */
  readonly from: Location;
  /** Who is asked. */
  readonly location: Location;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** Something that a process can tell about itself, its application or its machine. */
export interface IndicatorDefinition<Value = unknown, Query = unknown> {
  /** What it belongs to; an endpoint gathers one group. */
  readonly group: string;
  /** Unique within its group and process. @default the group */
  readonly name?: string;
  readonly scope: IndicatorScope;
  /** How long `collect` may take, in milliseconds. @default 3000 */
  readonly timeoutMs?: number;
  /** Answers a question. Without it the indicator only pushes. What it throws fails this indicator and no other. */
  collect?(query: Query, context: IndicatorContext): Value | Promise<Value>;
}

/** An indicator with everything filled in. */
export interface Indicator<Value = unknown, Query = unknown> {
  readonly group: string;
  readonly name: string;
  readonly scope: IndicatorScope;
  readonly timeoutMs: number;
  readonly collect:
    | ((query: Query, context: IndicatorContext) => Value | Promise<Value>)
    | undefined;
}

/** An indicator that this process offers. */
export interface OfferedIndicator<Value = unknown> {
  /**
   * Says the present value without having been asked; whoever gathers keeps the latest of each process until that leaves.
   *
   * @throws ELPIS_TELEMETRY_INDICATOR_VALUE when it is nothing that can be sent, or too large
   */
  push(value: Value): void;
  /** Offers it no more. Calling it again does nothing. */
  remove(): void;
}

/** What one indicator of one process has said. */
export interface IndicatorAnswer<Value = unknown> {
  readonly from: Location;
  readonly group: string;
  readonly name: string;
  readonly scope: IndicatorScope;
  readonly value: Value;
  /** When it was pushed, in milliseconds since 1970; undefined: it was asked for. */
  readonly pushedAt?: number;
}

/** An indicator that gave no value. */
export interface IndicatorFailure {
  readonly from: Location;
  readonly group: string;
  readonly name: string;
  readonly scope: IndicatorScope;
  readonly error: ErrorData;
}

/** A process that gave no answer, and why. */
export interface AbsentProcess {
  readonly from: Location;
  readonly error: ErrorData;
}

/** What all indicators of a group have said. */
export interface Gathered<Value = unknown> {
  /** One for each value: that of a machine or an application counts once. */
  readonly answers: readonly IndicatorAnswer<Value>[];
  readonly failures: readonly IndicatorFailure[];
  /** Those who were asked and did not answer in time, or died. */
  readonly absent: readonly AbsentProcess[];
  /** Whether anything is missing. */
  readonly partial: boolean;
}
