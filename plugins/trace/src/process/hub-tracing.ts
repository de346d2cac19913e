import type { Arriving, HubTracing, Leaving, Location, TracedMessage } from "@elpis/api";
import type { Attributes, Context, TextMapPropagator, Tracer } from "@opentelemetry/api";
import {
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  isTracingSuppressed,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  suppressTracing,
  TraceFlags,
  trace,
} from "../otel.ts";
import { decodeCarried, encodeCarried, isUntraced, UNTRACED_BYTES } from "./carrier.ts";
import { failed } from "./failed.ts";
import { HUB_SYSTEM } from "./sampler.ts";

/** Of its parts it needs these. */
export interface HubTracingParts {
  readonly tracer: Tracer;
  /** How `baggage` is written and read; undefined: it does not travel. */
  readonly baggage: TextMapPropagator | undefined;
  /** Topics that are not followed. */
  readonly isIgnored: (topic: string) => boolean;
}

/** Neither it nor anything that is done because of it is traced. */
const LEFT_ALONE: Leaving = { extension: UNTRACED_BYTES };

/** Kinds and names as the conventions of OpenTelemetry have them for messaging and for remote calls. */
const IS_MESSAGE: ReadonlySet<TracedMessage["verb"]> = new Set(["emit", "consume", "enqueue"]);

/** Has every message of the hub make a span where it leaves and one where it comes, and the trace travel in between. */
export class SpansOfHub implements HubTracing {
  readonly #parts: HubTracingParts;

  constructor(parts: HubTracingParts) {
    this.#parts = parts;
  }

  leaving(message: TracedMessage): Leaving | undefined {
    if (this.#parts.isIgnored(message.topic)) return LEFT_ALONE;
    const active = context.active();
    if (isTracingSuppressed(active)) return LEFT_ALONE;
    const parent = trace.getSpanContext(active);
    // What is not recorded costs nothing but the ids, which logs may need.
    if (parent !== undefined && (parent.traceFlags & TraceFlags.SAMPLED) === 0) {
      return { extension: encodeCarried({ parent, baggage: this.#baggageOf(active) }) };
    }
    const isMessage = IS_MESSAGE.has(message.verb);
    const span = this.#parts.tracer.startSpan(
      nameOf(message, "send"),
      {
        kind: isMessage ? SpanKind.PRODUCER : SpanKind.CLIENT,
        attributes: attributesOf(message, "send"),
      },
      active,
    );
    const carried = { parent: span.spanContext(), baggage: this.#baggageOf(active) };
    const extension = encodeCarried(carried);
    if (!span.isRecording()) return { extension };
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
    const isLeftAlone = extension !== undefined && isUntraced(extension);
    if (isLeftAlone || this.#parts.isIgnored(message.topic)) {
      return { run: (work) => context.with(suppressTracing(ROOT_CONTEXT), work) };
    }
    const carried = extension === undefined ? undefined : decodeCarried(extension);
    const outer = carried === undefined ? ROOT_CONTEXT : this.#contextOf(carried);
    const isLeft = carried !== undefined && (carried.parent.traceFlags & TraceFlags.SAMPLED) === 0;
    if (isLeft) return { run: (work) => context.with(outer, work) };
    const isMessage = IS_MESSAGE.has(message.verb);
    const span = this.#parts.tracer.startSpan(
      nameOf(message, "process"),
      { kind: isMessage ? SpanKind.CONSUMER : SpanKind.SERVER },
      outer,
    );
    const inner = trace.setSpan(outer, span);
    if (!span.isRecording()) return { run: (work) => context.with(inner, work) };
    span.setAttributes(attributesOf(message, "process"));
    // By this the keeper knows whose span is missing, if the sender's never comes.
    span.setAttribute("elpis.hub.from", shortName(from));
    return {
      run: (work) => context.with(inner, work),
      ended: (error) => {
        if (error !== undefined) failed(span, error, true);
        span.end();
      },
    };
  }

  #baggageOf(active: Context): string {
    const { baggage } = this.#parts;
    if (baggage === undefined || propagation.getBaggage(active) === undefined) return "";
    const headers: Record<string, string> = {};
    baggage.inject(active, headers, defaultTextMapSetter);
    return headers.baggage ?? "";
  }

  #contextOf({ parent, baggage: text }: NonNullable<ReturnType<typeof decodeCarried>>): Context {
    const outer = trace.setSpanContext(ROOT_CONTEXT, parent);
    const { baggage } = this.#parts;
    if (text === "" || baggage === undefined) return outer;
    return baggage.extract(outer, { baggage: text }, defaultTextMapGetter);
  }
}

function nameOf({ verb, topic, member }: TracedMessage, way: "send" | "process"): string {
  if (verb === "call") return `${topic}.${member}`;
  return IS_MESSAGE.has(verb) ? `${way} ${topic}` : topic;
}

function attributesOf({ verb, topic, member }: TracedMessage, way: "send" | "process"): Attributes {
  if (IS_MESSAGE.has(verb)) {
    return {
      "messaging.system": HUB_SYSTEM,
      "messaging.destination.name": topic,
      "messaging.operation.type": way,
      "messaging.operation.name": verb,
    };
  }
  return {
    "rpc.system.name": HUB_SYSTEM,
    "rpc.method": member === undefined ? topic : `${topic}/${member}`,
    "elpis.hub.verb": verb,
  };
}

function shortName({ name, index }: Location): string {
  return `${name}.${index}`;
}
