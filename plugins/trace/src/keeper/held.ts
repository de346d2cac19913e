import type { PointSource, SpanRecord } from "@elpis/api";
import { HUB_FROM } from "../wire/layout.ts";
import { isTimeout } from "../wire/timeouts.ts";
import { heldBytes } from "./sizes.ts";

/** A span of which is known what decides on its trace; all of it is made when somebody wants it. */
export interface HeldSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: SpanRecord["kind"];
  readonly start: number;
  readonly durationMs: number;
  /** For whatever reason. */
  readonly isFailure: boolean;
  /** A deadline passed in it. */
  readonly isTimeout: boolean;
  /** Which process sent the message that began it, such as `web.0`. */
  readonly from: string | undefined;
  /** About how many bytes of memory it takes. */
  readonly bytes: number;
  record(source: PointSource): SpanRecord;
  /** Lets go of what it came with. @returns what it still shares with others */
  partWithOthers(): readonly string[];
}

const NOTHING: readonly string[] = [];

/** One that came as an object. */
export class PlainSpan implements HeldSpan {
  readonly #record: SpanRecord;
  readonly isFailure: boolean;
  readonly isTimeout: boolean;
  readonly from: string | undefined;
  readonly bytes: number;

  constructor(record: SpanRecord) {
    this.#record = record;
    this.isTimeout = isTimeout(record.tags);
    this.isFailure = record.status === "error" || this.isTimeout;
    const from = record.tags[HUB_FROM];
    this.from = typeof from === "string" ? from : undefined;
    this.bytes = heldBytes(record);
  }

  get traceId(): string {
    return this.#record.traceId;
  }

  get spanId(): string {
    return this.#record.spanId;
  }

  get parentSpanId(): string | undefined {
    return this.#record.parentSpanId;
  }

  get name(): string {
    return this.#record.name;
  }

  get kind(): SpanRecord["kind"] {
    return this.#record.kind;
  }

  get start(): number {
    return this.#record.start;
  }

  get durationMs(): number {
    return this.#record.durationMs;
  }

  record(): SpanRecord {
    return this.#record;
  }

  partWithOthers(): readonly string[] {
    return NOTHING;
  }
}
