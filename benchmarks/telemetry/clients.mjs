// The same four things to measure with, from three libraries, each as its own documentation has it.
import { createStore } from "@elpis/telemetry";
import {
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import prom from "prom-client";

const ATTRIBUTES = { method: "GET", route: "/orders/:id", status: 200 };

/** A fresh object for each call, as instrumented code makes them: 2 methods, 8 routes. */
const fresh = (at) => ({
  method: at & 1 ? "GET" : "POST",
  route: ROUTES[at & 7],
  status: 200,
});
const ROUTES = Array.from({ length: 8 }, (_, at) => `/orders/${at}`);

/** Durations as they come, in milliseconds. */
export const VALUES = Float64Array.from({ length: 1024 }, (_, at) =>
  Math.exp(((at * 7919) % 1024) / 128),
);

function elpis() {
  const store = createStore();
  const counter = store.counter("requests");
  const histogram = store.histogram("duration", { unit: "ms" });
  const bound = counter.bind(ATTRIBUTES);
  const boundHistogram = histogram.bind(ATTRIBUTES);
  return {
    "counter, bound": () => bound.add(1),
    "counter, same attributes": () => counter.add(1, ATTRIBUTES),
    "counter, fresh attributes": (at) => counter.add(1, fresh(at)),
    "histogram, bound": (at) => boundHistogram.record(VALUES[at & 1023]),
    "histogram, fresh attributes": (at) => histogram.record(VALUES[at & 1023], fresh(at)),
  };
}

function promClient() {
  const registers = [new prom.Registry()];
  const labelNames = Object.keys(ATTRIBUTES);
  const counter = new prom.Counter({ name: "requests", help: "h", labelNames, registers });
  const histogram = new prom.Histogram({ name: "duration", help: "h", labelNames, registers });
  const bound = counter.labels(ATTRIBUTES);
  const boundHistogram = histogram.labels(ATTRIBUTES);
  return {
    "counter, bound": () => bound.inc(1),
    "counter, same attributes": () => counter.inc(ATTRIBUTES, 1),
    "counter, fresh attributes": (at) => counter.inc(fresh(at), 1),
    "histogram, bound": (at) => boundHistogram.observe(VALUES[at & 1023]),
    "histogram, fresh attributes": (at) => histogram.observe(fresh(at), VALUES[at & 1023]),
  };
}

/** @param type how it keeps histograms */
function openTelemetry(type) {
  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(1),
    exportIntervalMillis: 2 ** 30,
  });
  const views = [{ instrumentName: "duration", aggregation: { type } }];
  const meter = new MeterProvider({ readers: [reader], views }).getMeter("bench");
  const counter = meter.createCounter("requests");
  const histogram = meter.createHistogram("duration");
  return {
    // It has nothing that is bound.
    "counter, same attributes": () => counter.add(1, ATTRIBUTES),
    "counter, fresh attributes": (at) => counter.add(1, fresh(at)),
    "histogram, fresh attributes": (at) => histogram.record(VALUES[at & 1023], fresh(at)),
  };
}

export const CLIENTS = {
  elpis: elpis(),
  "prom-client": promClient(),
  opentelemetry: openTelemetry(AggregationType.EXPLICIT_BUCKET_HISTOGRAM),
  "opentelemetry, exponential": openTelemetry(AggregationType.EXPONENTIAL_HISTOGRAM),
};

export const ACTIONS = Object.keys(CLIENTS.elpis);
