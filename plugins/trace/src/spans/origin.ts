import type { Span, SpanContext, TraceState } from "@opentelemetry/api";
import { isSpanContextValid, TraceFlags } from "../otel.ts";
import { spanIdOf, spanIdText, TraceId } from "../wire/ids.ts";
import { randomBits, randomPart } from "./random.ts";

/** What a span can come from. Its ids are texts, as OpenTelemetry has them, only for those who ask for them. */
export interface Origin {
  /** By this others are told apart, sooner than by `instanceof`. */
  readonly isElpisOrigin: true;
  readonly trace: TraceId;
  /** Halves of its id. */
  readonly idHigh: number;
  readonly idLow: number;
  readonly flags: number;
  readonly state: TraceState | undefined;
  spanContext(): SpanContext;
}

export function isRecorded({ flags }: Origin): boolean {
  return (flags & TraceFlags.SAMPLED) !== 0;
}

/** The same as OpenTelemetry has it. */
export function contextOf({
  trace,
  idHigh,
  idLow,
  flags,
  state,
}: Omit<Origin, "spanContext">): SpanContext {
  const context: SpanContext = {
    traceId: trace.text,
    spanId: spanIdText(idHigh, idLow),
    traceFlags: flags,
  };
  if (state !== undefined) context.traceState = state;
  return context;
}

/** A span of which nothing is known here but its ids: it is another process's, or is not recorded. */
export class BareSpan implements Origin, Span {
  readonly trace: TraceId;
  readonly idHigh: number;
  readonly idLow: number;
  readonly flags: number;
  readonly state: TraceState | undefined;
  readonly #isRemote: boolean;
  #context: SpanContext | undefined = undefined;

  constructor(
    trace: TraceId,
    idHigh: number,
    idLow: number,
    { flags, state, isRemote = false }: { flags: number; state?: TraceState; isRemote?: boolean },
  ) {
    this.trace = trace;
    this.idHigh = idHigh;
    this.idLow = idLow;
    this.flags = flags;
    this.state = state;
    this.#isRemote = isRemote;
  }

  /** One that begins here, and is not recorded. */
  static unrecorded(trace: TraceId, state?: TraceState): BareSpan {
    const flags = TraceFlags.NONE;
    const how = state === undefined ? { flags } : { flags, state };
    return new BareSpan(trace, randomBits(), randomPart(), how);
  }

  get isElpisOrigin(): true {
    return true;
  }

  spanContext(): SpanContext {
    if (this.#context === undefined) {
      this.#context = contextOf(this);
      if (this.#isRemote) this.#context.isRemote = true;
    }
    return this.#context;
  }

  isRecording(): boolean {
    return false;
  }

  setAttribute(): this {
    return this;
  }

  setAttributes(): this {
    return this;
  }

  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  setStatus(): this {
    return this;
  }

  updateName(): this {
    return this;
  }

  recordException(): void {}

  end(): void {}
}

/** A span as something that others come from, whoever has made it; undefined: nothing can. */
export function originOf(span: Span | undefined): Origin | undefined {
  if (span === undefined) return undefined;
  if ((span as Partial<Origin>).isElpisOrigin === true) return span as Span & Origin;
  const context = span.spanContext();
  if (!isSpanContextValid(context)) return undefined;
  const { traceId, spanId, traceFlags: flags, traceState: state } = context;
  const how = state === undefined ? { flags } : { flags, state };
  return new BareSpan(TraceId.of(traceId), ...spanIdOf(spanId), how);
}
