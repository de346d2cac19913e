import type { Arriving, HubTracing, Leaving, Location, TracedMessage } from "@elpis/api";
import type { Context, TextMapPropagator, Tracer } from "@opentelemetry/api";
import {
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  isTracingSuppressed,
  propagation,
  ROOT_CONTEXT,
  suppressTracing,
  trace,
} from "../otel.ts";
import type { Contexts } from "../spans/contexts.ts";
import { LiveSpan } from "../spans/live-span.ts";
import { BareSpan, isRecorded, originOf } from "../spans/origin.ts";
import { newTraceId } from "../spans/random.ts";
import { TraceContext } from "../spans/trace-context.ts";
import { HUB_FROM } from "../wire/layout.ts";
import { type Came, decodeCarried, encodeCarried, isUntraced, UNTRACED_BYTES } from "./carrier.ts";
import { failed } from "./failed.ts";
import { AllSaid } from "./said.ts";

/** Of its parts it needs these. */
export interface HubTracingParts {
  readonly tracer: Tracer;
  /** How `baggage` is written and read; undefined: it does not travel. */
  readonly baggage: TextMapPropagator | undefined;
  /** Topics that are not followed. */
  readonly isIgnored: (topic: string) => boolean;
  readonly contexts: Contexts;
}

/** Neither it nor anything that is done because of it is traced. */
const LEFT_ALONE: Leaving = { extension: UNTRACED_BYTES };
const SILENT = suppressTracing(ROOT_CONTEXT);
const IN_SILENCE: Arriving = { run: (work) => context.with(SILENT, work) };

/** Has every message of the hub make a span where it leaves and one where it comes, and the trace travel in between. */
export class SpansOfHub implements HubTracing {
  readonly #parts: HubTracingParts;
  readonly #sent = new AllSaid("send");
  readonly #received = new AllSaid("process");

  constructor(parts: HubTracingParts) {
    this.#parts = parts;
  }

  leaving(message: TracedMessage): Leaving | undefined {
    const { contexts, isIgnored } = this.#parts;
    if (contexts.isIdle && contexts.isPassing) return undefined;
    if (isIgnored(message.topic)) return LEFT_ALONE;
    const active = context.active();
    if (isTracingSuppressed(active)) return LEFT_ALONE;
    const parent = originOf(trace.getSpan(active));
    // What is not recorded costs nothing but the ids, which logs may need.
    if (parent !== undefined && !isRecorded(parent)) {
      return { extension: encodeCarried({ parent, baggage: this.#baggageOf(active) }) };
    }
    const baggage = this.#baggageOf(active);
    // It belongs to something that is not recorded, as far as can be known.
    if (parent === undefined && contexts.isPassing && baggage === "") return undefined;
    const said = this.#sent.of(message);
    const span = this.#parts.tracer.startSpan(said.name, said, active);
    if (!span.isRecording()) {
      if (contexts.isFrugal && baggage === "") return undefined;
      const own = originOf(span) ?? BareSpan.unrecorded(newTraceId());
      return { extension: encodeCarried({ parent: own, baggage }) };
    }
    const own = originOf(span);
    if (own === undefined) return undefined;
    const extension = encodeCarried({ parent: own, baggage });
    return {
      extension,
      ended: (error, from) => {
        if (from !== undefined) span.setAttribute("elpis.hub.by", shortName(from));
        if (error !== undefined) failed(span, error, false);
        span.end();
      },
    };
  }

  arriving(
    message: TracedMessage,
    from: Location,
    extension: Uint8Array | undefined,
  ): Arriving | undefined {
    const { contexts, isIgnored } = this.#parts;
    if (isIgnored(message.topic) || (extension !== undefined && isUntraced(extension))) {
      return contexts.isFrugal ? this.#pass() : IN_SILENCE;
    }
    // One of the family that says nothing has decided not to record it.
    if (extension === undefined && contexts.isFrugal && from.role !== "peer") return this.#pass();
    const carried = extension === undefined ? undefined : decodeCarried(extension);
    const outer = carried === undefined ? ROOT_CONTEXT : this.#contextOf(carried);
    if (carried !== undefined && !isRecorded(carried.parent)) return this.#unrecorded(outer);
    const said = this.#received.of(message);
    const span = this.#parts.tracer.startSpan(said.name, said, outer);
    if (!span.isRecording() && contexts.isFrugal) return this.#pass();
    const inner = trace.setSpan(outer, span);
    if (!span.isRecording()) return this.#unrecorded(inner);
    // By this the keeper knows whose span is missing, if the sender's never comes.
    if (LiveSpan.is(span)) span.from = shortName(from);
    else span.setAttribute(HUB_FROM, shortName(from));
    return {
      run: (work) => contexts.run(inner, work),
      ended: (error) => {
        if (error !== undefined) failed(span, error, true);
        span.end();
      },
    };
  }

  #pass(): undefined {
    this.#parts.contexts.pass();
    return undefined;
  }

  /** One that has ids, and nothing else. */
  #unrecorded(own: Context): Arriving {
    const { contexts } = this.#parts;
    contexts.hold();
    return {
      run: (work) => contexts.run(own, work),
      ended: () => contexts.release(),
    };
  }

  #baggageOf(active: Context): string {
    const { baggage } = this.#parts;
    if (baggage === undefined || propagation.getBaggage(active) === undefined) return "";
    const headers: Record<string, string> = {};
    baggage.inject(active, headers, defaultTextMapSetter);
    return headers.baggage ?? "";
  }

  #contextOf({ parent, baggage: text }: Came): Context {
    const outer = new TraceContext(parent);
    const { baggage } = this.#parts;
    if (text === "" || baggage === undefined) return outer;
    return baggage.extract(outer, { baggage: text }, defaultTextMapGetter);
  }
}

const shortNames = new WeakMap<Location, string>();

function shortName(location: Location): string {
  let short = shortNames.get(location);
  if (short === undefined) {
    short = `${location.name}.${location.index}`;
    shortNames.set(location, short);
  }
  return short;
}
