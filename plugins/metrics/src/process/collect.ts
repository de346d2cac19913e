import type { HubFigures, Supervision } from "@elpis/api";
import type { Level } from "@elpis/telemetry";
import type { Collector } from "../collectors/collector.ts";
import { HubTraffic } from "../collectors/master/hub.ts";
import { Supervised } from "../collectors/master/supervised.ts";
import type { CollectorName, ProcessCollector, SystemCollector } from "../collectors/names.ts";
import { watchErrors } from "../collectors/process/errors.ts";
import { EventLoop } from "../collectors/process/event-loop.ts";
import { watchGc } from "../collectors/process/gc.ts";
import { HttpClient } from "../collectors/process/http-client.ts";
import type { HttpServerInstruments } from "../collectors/process/http-instruments.ts";
import { HttpOutcomes } from "../collectors/process/http-outcomes.ts";
import { HttpServer } from "../collectors/process/http-server.ts";
import { Http2Server } from "../collectors/process/http2-server.ts";
import { Resources } from "../collectors/process/resources.ts";
import { Usage } from "../collectors/process/usage.ts";
import { V8 } from "../collectors/process/v8.ts";
import { MetricName } from "../front/metric-name.ts";
import type { MetricsRegistry } from "../front/registry.ts";
import { type MetricsOptions, wants } from "../options.ts";
import { install, Kit } from "./kit.ts";

const now = (): number => performance.now();

/** What is to be measured, and with what. */
export interface Measuring {
  readonly registry: MetricsRegistry;
  readonly options: MetricsOptions;
  /** Whether it is this process that measures the machine. */
  readonly isForSystem: boolean;
  /** What the hub counts, in the process that hosts it. */
  readonly hub: { read(): HubFigures } | undefined;
  readonly supervision: Supervision | undefined;
}

/** Begins to measure. @returns what ends it */
export async function measure(measuring: Measuring): Promise<() => void> {
  const { registry, options } = measuring;
  const kit = new Kit(registry.store);
  const offs: (() => void)[] = [];
  const levelOf = (name: CollectorName): Level =>
    options.levels?.[name] ?? (name === "errors" ? "major" : "normal");
  const pulled = [...pulledCollectors(measuring), ...(await systemCollectors(measuring))];
  // The first one is what the event loop is reckoned from: what comes before its end is the start.
  for (const [name, make] of pulled) {
    if (wants(options, name)) offs.push(await install(kit, make(), levelOf(name)));
  }
  const pushed: Partial<Record<ProcessCollector, (level: Level) => () => void>> = {
    gc: (level) => watchGc(kit.histogram("v8js.gc.duration", level)),
    errors: (level) => {
      kit.counter("error.all", level);
      const errors = registry.getMeter("error", MetricName.build("error.all").atLevel(level));
      return watchErrors({ add: (count) => errors.mark(count) });
    },
    http: (level) => watchServer(kit, registry, level),
    httpClient: (level) => watchClient(kit, level),
  };
  for (const [name, begin] of Object.entries(pushed) as [
    ProcessCollector,
    (level: Level) => () => void,
  ][]) {
    if (wants(options, name)) offs.push(begin(levelOf(name)));
  }
  return () => {
    for (const off of offs.reverse()) off();
  };
}

type Make = readonly [name: CollectorName, make: () => Collector];

function pulledCollectors({ hub, supervision }: Measuring): readonly Make[] {
  return [
    ["process", () => new Usage(now)],
    ["loop", () => new EventLoop()],
    ["resources", () => new Resources()],
    ["v8", () => new V8()],
    ...(hub === undefined ? [] : ([["hub", () => new HubTraffic(() => hub.read())]] as const)),
    ...(supervision === undefined
      ? []
      : ([["supervision", () => new Supervised(() => supervision.processes())]] as const)),
  ];
}

/** Loaded only where the machine is measured. */
async function systemCollectors({ isForSystem }: Measuring): Promise<readonly Make[]> {
  if (!isForSystem) return [];
  const { SYSTEM_COLLECTORS } = await import("../collectors/system/all.ts");
  return Object.entries(SYSTEM_COLLECTORS).map(([name, make]) => [
    name as SystemCollector,
    () => make(now),
  ]);
}

function watchServer(kit: Kit, registry: MetricsRegistry, level: Level): () => void {
  const name = "middleware.http.request";
  kit.histogram(name, level);
  const compass = registry.getFastCompass("http", MetricName.build(name).atLevel(level));
  const instruments: HttpServerInstruments = {
    duration: kit.histogram("http.server.request.duration", level),
    responses: kit.counter("http.server.responses", level),
    active: kit.upDownCounter("http.server.active_requests", level),
    compass: (ms, category) => compass.record(ms, category),
  };
  const outcomes = new HttpOutcomes(instruments);
  const servers = [new HttpServer(instruments, outcomes), new Http2Server(instruments, outcomes)];
  for (const server of servers) server.install();
  return () => {
    for (const server of servers) server.close();
  };
}

function watchClient(kit: Kit, level: Level): () => void {
  const client = new HttpClient({
    duration: kit.histogram("http.client.request.duration", level),
    active: kit.upDownCounter("http.client.active_requests", level),
  });
  client.install();
  return () => client.close();
}
