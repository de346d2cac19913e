import { defineReporter, type ReporterFactory } from "@elpis/api";
import {
  type PushgatewayOptions,
  pushgatewaySchema,
  type RemoteWriteOptions,
  remoteWriteSchema,
} from "./options.ts";

export type { AccessOptions, PushgatewayOptions, RemoteWriteOptions } from "./options.ts";

/**
 * Writes what is measured to Prometheus, or to whatever takes its remote write (Mimir, Thanos, VictoriaMetrics, …).
 *
 * @example plugins: [metrics(), prometheusRemoteWrite({ url: "http://prometheus:9090/api/v1/write" })]
 */
export const prometheusRemoteWrite: ReporterFactory<RemoteWriteOptions> =
  defineReporter<RemoteWriteOptions>({
    name: "prometheus-remote-write",
    options: remoteWriteSchema,
    open: async (options) => (await import("./remote-write/open.ts")).open(options),
  });

/**
 * Puts what is measured on a Pushgateway, where it stays until it is replaced: for what does not run long enough to be scraped.
 *
 * @example plugins: [metrics(), pushgateway({ url: "http://pushgateway:9091", job: "nightly" })]
 */
export const pushgateway: ReporterFactory<PushgatewayOptions> = defineReporter<PushgatewayOptions>({
  name: "pushgateway",
  options: pushgatewaySchema,
  open: async (options) => (await import("./pushgateway/open.ts")).open(options),
});
