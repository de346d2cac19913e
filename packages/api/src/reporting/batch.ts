import type { Point, Tags } from "./points.ts";
import type { ErrorRecord, EventRecord, SpanRecord } from "./signals.ts";

/** What can be reported. */
export type Signal = "metrics" | "spans" | "errors" | "events";

/**
 * What a reporter is handed at once: items of one signal, the other lists are empty. Plain data that is not to be changed, since
 * others may get the same.
 */
export interface Batch {
  /** The same at each attempt, and no other batch has it. */
  readonly id: string;
  /** When it was made, in milliseconds since 1970. */
  readonly time: number;
  /** What is true of all of it, by the names of OpenTelemetry: `service.name`, `host.name`, `service.instance.id`, … */
  readonly resource: Tags;
  readonly points: readonly Point[];
  readonly spans: readonly SpanRecord[];
  readonly errors: readonly ErrorRecord[];
  readonly events: readonly EventRecord[];
}
