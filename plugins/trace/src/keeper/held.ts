import type { PointSource, SpanRecord } from "@elpis/api";
import type { Room } from "../wire/batch.ts";
import { spanIdOf, TraceId } from "../wire/ids.ts";
import { HUB_FROM } from "../wire/layout.ts";
import { isTimeout } from "../wire/timeouts.ts";
import type { Process } from "./members.ts";
import { heldBytes } from "./sizes.ts";

/**
 * A span of which is known what decides on its trace; all of it is made when somebody wants it. Ids are numbers: their texts are
 * for those who look.
 */
export interface HeldSpan {
  readonly process: Process;
  /** It was announced, and is not over. */
  readonly isOpen: boolean;
  readonly trace: TraceId;
  readonly idHigh: number;
  readonly idLow: number;
  readonly hasParent: boolean;
  readonly parentHigh: number;
  readonly parentLow: number;
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
  /** How many of them lie among those of others with which it came. */
  readonly packedBytes: number;
  /** Lets go of what it came with. */
  moveTo(room: Room<Process>): void;
  record(source: PointSource): SpanRecord;
}

/** Whoever asks over a network may be of another application. */
export function isAskedFromOutside({ kind, from }: Pick<HeldSpan, "kind" | "from">): boolean {
  return (kind === "server" || kind === "consumer") && from === undefined;
}

/** One that came as an object. */
export class PlainSpan implements HeldSpan {
  readonly #record: SpanRecord;
  readonly process: Process;
  readonly isOpen: boolean;
  readonly trace: TraceId;
  readonly idHigh: number;
  readonly idLow: number;
  readonly hasParent: boolean;
  readonly parentHigh: number;
  readonly parentLow: number;
  readonly isFailure: boolean;
  readonly isTimeout: boolean;
  readonly from: string | undefined;
  readonly bytes: number;

  constructor(record: SpanRecord, process: Process, isOpen: boolean) {
    const { traceId, spanId, parentSpanId, status, tags } = record;
    this.#record = record;
    this.process = process;
    this.isOpen = isOpen;
    this.trace = TraceId.of(traceId);
    [this.idHigh, this.idLow] = spanIdOf(spanId);
    this.hasParent = parentSpanId !== undefined;
    [this.parentHigh, this.parentLow] =
      parentSpanId === undefined ? [0, 0] : spanIdOf(parentSpanId);
    this.isTimeout = isTimeout(tags);
    this.isFailure = status === "error" || this.isTimeout;
    const from = tags[HUB_FROM];
    this.from = typeof from === "string" ? from : undefined;
    this.bytes = heldBytes(record);
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

  get packedBytes(): number {
    return 0;
  }

  moveTo(): void {
    // It came on its own.
  }

  record(): SpanRecord {
    return this.#record;
  }
}
