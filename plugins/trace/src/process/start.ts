import { type Client, errorToData, type Logger, type Off } from "@elpis/api";
import { type ActiveTrace, provideActiveTrace } from "@elpis/telemetry";
import type { MeterProvider, TextMapPropagator, TracerProvider } from "@opentelemetry/api";
import type { AnyInstrumentation, TraceOptions } from "../options.ts";
import {
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
import { monotonic } from "../spans/clock.ts";
import { Contexts } from "../spans/contexts.ts";
import { Discretion } from "../spans/discretion.ts";
import { isRecorded, originOf } from "../spans/origin.ts";
import { Recorder, type RecorderParts } from "../spans/recorder.ts";
import { RootSampler } from "../spans/sampler.ts";
import { Tracers } from "../spans/tracer.ts";
import { TraceId } from "../wire/ids.ts";
import { traceServers } from "./http-server.ts";
import { SpansOfHub } from "./hub-tracing.ts";
import { LegacyPropagator } from "./legacy-propagator.ts";

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
    now: monotonic,
  });
  const withQuery = options.http !== false && options.http?.query === true;
  // Where all is recorded, contexts are always needed; and calls that may begin a trace have to know what they belong to.
  const isFrugal =
    (sampling.ratio ?? 1) < 1 && sampling.clients !== true && sampling.unrecorded !== "follow";
  const contexts = new Contexts(isFrugal);
  const discretion = new Discretion(options.sql ?? {}, withQuery);
  const recorder = new Recorder({ log, discretion, contexts, send });
  const provider = new Tracers({ sampler, sink: recorder, contexts });
  const baggage = ways.includes("baggage") ? new W3CBaggagePropagator() : undefined;
  const propagator = new CompositePropagator({
    propagators: [
      // The last that finds something counts.
      ...(ways.includes("legacy")
        ? [new LegacyPropagator((id) => sampler.isChosen(TraceId.of(id)))]
        : []),
      ...(ways.includes("w3c") ? [new W3CTraceContextPropagator()] : []),
      ...(baggage === undefined ? [] : [baggage]),
    ],
  });
  const offs = [register({ provider, contexts, propagator, log })];
  const tracer = provider.getTracer(SCOPE);
  if (options.http !== false) {
    offs.push(traceServers({ tracer, propagator, options: options.http ?? {}, contexts }));
  }
  offs.push(provideActiveTrace(readActive));
  const isIgnored = matcherOf(options.ignoreTopics ?? []);
  offs.push(hub.useTracing(new SpansOfHub({ tracer, baggage, isIgnored, contexts })));
  const mayBegin = sampling.clients === true;
  return {
    isInVain: () => {
      if (contexts.isIdle) return true;
      const active = context.active();
      const origin = originOf(trace.getSpan(active));
      if (origin !== undefined) return !isRecorded(origin);
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

interface Registered {
  readonly provider: TracerProvider;
  readonly contexts: Contexts;
  readonly propagator: TextMapPropagator;
  readonly log: Logger;
}

/** Makes it what the API of OpenTelemetry gives. Somebody else may have been first: then theirs stays, and ours is for the hub and servers. */
function register({ provider, contexts, propagator, log }: Registered): Off {
  const isOurs = trace.setGlobalTracerProvider(provider);
  if (!isOurs) {
    log.warn(
      "OpenTelemetry has another tracer provider already; spans that it makes are not kept here",
    );
  }
  const isManaging = context.setGlobalContextManager(contexts);
  contexts.manage(isManaging);
  const isPropagating = propagation.setGlobalPropagator(propagator);
  return () => {
    if (isOurs) trace.disable();
    if (isManaging) context.disable();
    if (isPropagating) propagation.disable();
  };
}
