import { application, hubFigures, type PluginHost, reporters, supervision } from "@elpis/api";
import { createStore, errorLog, metricsReader, metricsStore } from "@elpis/telemetry";
import { attachRegistry } from "../attach.ts";
import { MetricsRegistry } from "../front/registry.ts";
import { type MetricsOptions, wants } from "../options.ts";
import { measure } from "./collect.ts";
import { NO_REPORTERS } from "./no-reporters.ts";
import { registerOpenTelemetry } from "./open-telemetry.ts";
import { findPlace } from "./place.ts";
import { remoteReader } from "./remote-reader.ts";
import { report } from "./report.ts";

/** Starts the plugin in a process: its store, what measures, what reports, and in one process what merges. */
export async function setup(host: PluginHost, options: MetricsOptions): Promise<void> {
  const { log, location } = host;
  const store = createStore({
    ...(options.limits && { limits: options.limits }),
    onProblem: (error) => log.warn(error.message),
  });
  const registry = new MetricsRegistry({ store, tags: { appName: location.app } });
  host.onClose(attachRegistry(host.hub, registry));
  host.provide(metricsStore, store);
  const place = await findPlace(host, host.find(application), options);
  const isKeeper = location.role === place?.keeper;
  // Loaded only by the one process that merges.
  const { keep } = isKeeper ? await import("../keeper/keeper.ts") : { keep: undefined };
  const keeper = keep?.(host, options, store, place?.dir);
  host.provide(reporters, keeper?.reporters ?? NO_REPORTERS);
  host.provide(metricsReader, keeper?.reader ?? remoteReader(host.hub));
  if (options.openTelemetry !== false) host.onClose(await registerOpenTelemetry(store, log));
  if (wants(options, "errors")) {
    const errors = errorLog(host.hub);
    host.onClose(() => errors.stop());
  }
  report({ host, store, intervalMs: options.intervalMs, take: keeper?.take });
  const measuring = {
    registry,
    options,
    isForSystem: isKeeper,
    hub: host.find(hubFigures),
    supervision: host.find(supervision),
  };
  host.onClose(await measure(measuring));
}
