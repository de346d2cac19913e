import type { PointSource, SpanRecord } from "@elpis/api";
import type { Batch, Room } from "./batch.ts";
import { spanIdText, TraceId } from "./ids.ts";
import {
  DURATION_AT,
  FLAGS_AT,
  FROM_AT,
  HAS_PARENT,
  IS_TIMEOUT,
  KIND_AT,
  KINDS,
  NAME_AT,
  PARENT_AT,
  SPAN_AT,
  START_AT,
  STATUSES,
  TRACE_AT,
} from "./layout.ts";
import { headText, readRecord } from "./read-record.ts";

/** The object of a span, and its place in its trace. */
const OBJECT_BYTES = 56;
const ERROR = STATUSES.indexOf("error");

/** A span of a batch, over. It is a place in bytes and nothing else: what somebody asks for is read when they do. */
export class PackedSpan<Process> {
  #batch: Batch<Process>;
  #at: number;

  constructor(batch: Batch<Process>, at: number) {
    this.#batch = batch;
    this.#at = at;
  }

  /** Whose it is. */
  get process(): Process {
    return this.#batch.process;
  }

  /** What is not over is never packed. */
  get isOpen(): boolean {
    return false;
  }

  get trace(): TraceId {
    return TraceId.read(this.#batch.view, this.#at + TRACE_AT);
  }

  get idHigh(): number {
    return this.#batch.view.getInt32(this.#at + SPAN_AT);
  }

  get idLow(): number {
    return this.#batch.view.getInt32(this.#at + SPAN_AT + 4);
  }

  get hasParent(): boolean {
    return (this.#batch.view.getUint8(this.#at + FLAGS_AT) & HAS_PARENT) !== 0;
  }

  get parentHigh(): number {
    return this.#batch.view.getInt32(this.#at + PARENT_AT);
  }

  get parentLow(): number {
    return this.#batch.view.getInt32(this.#at + PARENT_AT + 4);
  }

  get spanId(): string {
    return spanIdText(this.idHigh, this.idLow);
  }

  get parentSpanId(): string | undefined {
    return this.hasParent ? spanIdText(this.parentHigh, this.parentLow) : undefined;
  }

  get name(): string {
    return headText(this.#batch, this.#at, NAME_AT) ?? "";
  }

  get kind(): SpanRecord["kind"] {
    return KINDS[this.#batch.view.getUint8(this.#at + KIND_AT) & 15] as SpanRecord["kind"];
  }

  get start(): number {
    return this.#batch.view.getFloat64(this.#at + START_AT, true);
  }

  get durationMs(): number {
    return this.#batch.view.getFloat64(this.#at + DURATION_AT, true);
  }

  get isFailure(): boolean {
    return this.#batch.view.getUint8(this.#at + KIND_AT) >>> 4 === ERROR || this.isTimeout;
  }

  get isTimeout(): boolean {
    return (this.#batch.view.getUint8(this.#at + FLAGS_AT) & IS_TIMEOUT) !== 0;
  }

  /** Which process sent the message that began it. */
  get from(): string | undefined {
    return headText(this.#batch, this.#at, FROM_AT);
  }

  /** How many bytes of its batch are its own. */
  get packedBytes(): number {
    return this.#batch.view.getUint32(this.#at, true);
  }

  /** About how many bytes of memory it takes. */
  get bytes(): number {
    return OBJECT_BYTES + this.packedBytes + this.#batch.share;
  }

  /** Lets go of its batch. */
  moveTo(room: Room<Process>): void {
    this.#at = room.copy(this.#batch, this.#at, this.packedBytes);
    this.#batch = room.insteadOf(this.#batch);
  }

  record(source: PointSource): SpanRecord {
    return readRecord(this.#batch, this.#at, this, source);
  }
}
