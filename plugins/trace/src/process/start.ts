import { type Client, errorToData, type Logger, type Off } from "@elpis/api";
import { type ActiveTrace, provideActiveTrace } from "@elpis/telemetry";
import type { MeterProvider, TextMapPropagator } from "@opentelemetry/api";
import type { AnyInstrumentation, TraceOptions } from "../options.ts";
import {
  AsyncLocalStorageContextManager,
  BasicTracerProvider,
  CompositePropagator,
  context,
  createNoopMeter,
  isTracingSuppressed,
  propagation,
  TraceFlags,
  trace,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from "../otel.ts";
import { matcherOf } from "../pattern.ts";
import { traceServers } from "./http-server.ts";
import { SpansOfHub } from "./hub-tracing.ts";
import { LegacyPropagator } from "./legacy-propagator.ts";
import { Recorder, type RecorderParts } from "./recorder.ts";
import { RootSampler } from "./sampler.ts";
import { SpanMaker } from "./spans.ts";

/** What records in this process. */
export interface Tracing {
  /** Has an instrumentation make its spans here. */
  use(instrumentation: AnyInstrumentation): void;
  /** Whether a call of something else that is made now belongs to no trace that is recorded, and begins none. */
  readonly isInVain: () => boolean;
  /** Tells what there is, and lets go of everything. */
  close(): Promise<void>;
}

const SCOPE = "@elpis/trace";
/** What instrumentations measure by themselves is measured by others, or by nobody. */
const NO_METERS: MeterProvider = { getMeter: () => createNoopMeter() };
const MAX_ATTRIBUTES = 128;
const MAX_ATTRIBUTE_CHARS = 4096;
const MAX_EVENTS = 32;

/** What it is started with. */
export interface TracingParts {
  readonly hub: Client;
  readonly log: Logger;
  readonly options: TraceOptions;
  readonly send: RecorderParts["send"];
}

/** Begins to record in this process. */
export function startTracing({ hub, log, options, send }: TracingParts): Tracing {
  const { sampling = {}, propagation: ways = ["w3c", "baggage"] } = options;
  const sampler = new RootSampler({
    ratio: sampling.ratio ?? 1,
    perSecond: sampling.perSecond ?? 1000,
    clients: sampling.clients ?? false,
    now: () => performance.now(),
  });
  const withQuery = options.http !== false && options.http?.query === true;
  const recorder = new Recorder({ log, maker: new SpanMaker(options.sql ?? {}, withQuery), send });
  const provider = new BasicTracerProvider({
    sampler,
    spanProcessors: [recorder],
    spanLimits: {
      attributeCountLimit: MAX_ATTRIBUTES,
      attributeValueLengthLimit: MAX_ATTRIBUTE_CHARS,
      eventCountLimit: MAX_EVENTS,
    },
  });
  const baggage = ways.includes("baggage") ? new W3CBaggagePropagator() : undefined;
  const propagator = new CompositePropagator({
    propagators: [
      // The last that finds something counts.
      ...(ways.includes("legacy") ? [new LegacyPropagator((id) => sampler.isChosen(id))] : []),
      ...(ways.includes("w3c") ? [new W3CTraceContextPropagator()] : []),
      ...(baggage === undefined ? [] : [baggage]),
    ],
  });
  const offs = [register(provider, propagator, log)];
  const tracer = provider.getTracer(SCOPE);
  if (options.http !== false) {
    offs.push(traceServers({ tracer, propagator, options: options.http ?? {} }));
  }
  offs.push(provideActiveTrace(readActive));
  const isIgnored = matcherOf(options.ignoreTopics ?? []);
  offs.push(hub.useTracing(new SpansOfHub({ tracer, baggage, isIgnored })));
  const mayBegin = sampling.clients === true;
  return {
    isInVain: () => {
      const active = context.active();
      const span = trace.getSpanContext(active);
      if (span !== undefined) return (span.traceFlags & TraceFlags.SAMPLED) === 0;
      return !mayBegin || isTracingSuppressed(active);
    },
    use: (instrumentation) => {
      offs.push(() => instrumentation.disable());
      try {
        instrumentation.setTracerProvider(provider);
        instrumentation.setMeterProvider(NO_METERS);
        // Some look at what they were made with, and not at what they were told since.
        instrumentation.setConfig?.({ ...instrumentation.getConfig?.(), enabled: true });
        instrumentation.enable();
      } catch (error) {
        log.warn(`${instrumentation.instrumentationName} cannot be used`, {
          error: errorToData(error),
        });
      }
    },
    close: async () => {
      for (const off of offs.splice(0).reverse()) off();
      await recorder.shutdown();
    },
  };
}

/** What histograms and errors are told of the trace that they belong to. */
function readActive(): ActiveTrace | undefined {
  const span = trace.getSpanContext(context.active());
  if (span === undefined) return undefined;
  const { traceId, spanId, traceFlags } = span;
  return { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
}

/** Makes it what the API of OpenTelemetry gives. Somebody else may have been first: then theirs stays, and ours is for the hub and servers. */
function register(provider: BasicTracerProvider, propagator: TextMapPropagator, log: Logger): Off {
  const manager = new AsyncLocalStorageContextManager().enable();
  const isOurs = trace.setGlobalTracerProvider(provider);
  if (!isOurs) {
    log.warn(
      "OpenTelemetry has another tracer provider already; spans that it makes are not kept here",
    );
  }
  const isManaging = context.setGlobalContextManager(manager);
  if (!isManaging) manager.disable();
  const isPropagating = propagation.setGlobalPropagator(propagator);
  return () => {
    if (isOurs) trace.disable();
    if (isManaging) context.disable();
    if (isPropagating) propagation.disable();
  };
}
