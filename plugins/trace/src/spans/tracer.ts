import type { Context, Span, SpanOptions, Tracer, TracerProvider } from "@opentelemetry/api";
import {
  context,
  INVALID_SPAN_CONTEXT,
  isTracingSuppressed,
  ROOT_CONTEXT,
  SpanKind,
  trace,
} from "../otel.ts";
import type { Contexts } from "./contexts.ts";
import { LiveSpan, type SpanSink } from "./live-span.ts";
import { BareSpan, isRecorded as hasRecord, originOf } from "./origin.ts";
import type { RootSampler } from "./sampler.ts";

/** Makes tracers, whose spans go to one place. */
export class Tracers implements TracerProvider {
  readonly #parts: TracerParts;
  readonly #tracers = new Map<string, Tracer>();

  constructor(parts: TracerParts) {
    this.#parts = parts;
  }

  getTracer(name: string, version?: string): Tracer {
    const scope = version === undefined ? String(name) : `${name} ${version}`;
    const known = this.#tracers.get(scope);
    if (known !== undefined) return known;
    const tracer = new LiveTracer(scope, this.#parts);
    this.#tracers.set(scope, tracer);
    return tracer;
  }
}

/** What a tracer depends on. */
export interface TracerParts {
  readonly sampler: Pick<RootSampler, "mayBegin" | "newTraceId">;
  readonly sink: SpanSink;
  readonly contexts: Contexts;
}

const NOTHING: Span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** What comes from outside, and belongs to nothing that is done here. */
const BEGINNINGS: ReadonlySet<SpanKind> = new Set([SpanKind.SERVER, SpanKind.CONSUMER]);
const NO_OPTIONS: SpanOptions = {};

class LiveTracer implements Tracer {
  readonly #scope: string;
  readonly #parts: TracerParts;

  constructor(scope: string, parts: TracerParts) {
    this.#scope = scope;
    this.#parts = parts;
  }

  startSpan(
    name: string,
    options: SpanOptions = NO_OPTIONS,
    outer: Context = context.active(),
  ): Span {
    const { sampler, sink, contexts } = this.#parts;
    const { kind = SpanKind.INTERNAL, attributes } = options;
    const isAlone = outer === ROOT_CONTEXT;
    if (!isAlone && isTracingSuppressed(outer)) return NOTHING;
    const above = isAlone || options.root === true ? undefined : trace.getSpan(outer);
    const parent = originOf(above);
    let isRecorded: boolean;
    if (parent !== undefined) isRecorded = hasRecord(parent);
    else {
      // Whoever says that it begins something knows.
      const isKnown = options.root === true || BEGINNINGS.has(kind);
      if (contexts.isPassing && !isKnown) return NOTHING;
      isRecorded = sampler.mayBegin(kind, attributes);
      if (!isRecorded && contexts.isFrugal) return NOTHING;
    }
    const traceId = parent === undefined ? sampler.newTraceId(isRecorded) : parent.trace;
    if (!isRecorded) return BareSpan.unrecorded(traceId, parent?.state);
    const begins = { scope: this.#scope, name: String(name), kind };
    const span = new LiveSpan(sink, traceId, parent, begins);
    if (parent !== undefined && LiveSpan.is(parent) && !parent.isOver) span.outer = parent;
    if (attributes !== undefined) span.begin(attributes);
    if (options.startTime !== undefined) span.beganAt(options.startTime);
    if (options.links !== undefined) span.addLinks(options.links);
    sink.began(span);
    return span;
  }

  startActiveSpan<Result>(name: string, ...rest: readonly unknown[]): Result {
    const work = rest.at(-1) as (span: Span) => Result;
    const [options, outer] = rest.slice(0, -1) as [SpanOptions | undefined, Context | undefined];
    const above = outer ?? context.active();
    const span = this.startSpan(name, options, above);
    return context.with(trace.setSpan(above, span), work, undefined, span);
  }
}
