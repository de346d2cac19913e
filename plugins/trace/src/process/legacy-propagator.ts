import type {
  Context,
  SpanContext,
  TextMapGetter,
  TextMapPropagator,
  TextMapSetter,
} from "@opentelemetry/api";
import { isSpanContextValid, isTracingSuppressed, TraceFlags, trace } from "../otel.ts";

const TRACE = "x-trace-id";
const SPAN = "x-span-id";
/** A trace without a span to hang on is one whose first span is ours; it needs the id of a parent all the same. */
const NO_SPAN = "0000000000000001";

/** The headers `x-trace-id` and `x-span-id`, from before there was a standard. They do not say whether a trace is recorded. */
export class LegacyPropagator implements TextMapPropagator {
  readonly #isChosen: (traceId: string) => boolean;

  /** @param isChosen whether a trace is recorded, by its id */
  constructor(isChosen: (traceId: string) => boolean) {
    this.#isChosen = isChosen;
  }

  inject(from: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(from);
    if (span === undefined || isTracingSuppressed(from) || !isSpanContextValid(span)) return;
    setter.set(carrier, TRACE, span.traceId);
    setter.set(carrier, SPAN, span.spanId);
  }

  extract(into: Context, carrier: unknown, getter: TextMapGetter): Context {
    const traceId = idOf(getter.get(carrier, TRACE), 32);
    if (traceId === undefined) return into;
    const parent: SpanContext = {
      traceId,
      spanId: idOf(getter.get(carrier, SPAN), 16) ?? NO_SPAN,
      traceFlags: this.#isChosen(traceId) ? TraceFlags.SAMPLED : TraceFlags.NONE,
      isRemote: true,
    };
    return isSpanContextValid(parent) ? trace.setSpanContext(into, parent) : into;
  }

  fields(): string[] {
    return [TRACE, SPAN];
  }
}

/** Ids were shorter once. */
function idOf(header: string | string[] | undefined, digits: number): string | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined || !/^[0-9a-f]{1,32}$/i.test(text)) return undefined;
  return text.toLowerCase().slice(-digits).padStart(digits, "0");
}
