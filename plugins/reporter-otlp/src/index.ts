import { defineReporter, type ReporterFactory } from "@elpis/api";
import { type OtlpOptions, schema } from "./options.ts";

export type { OtlpOptions, OtlpSignal } from "./options.ts";

/**
 * Sends what is measured by OTLP: to a collector, or to any backend that takes it. Without options to what the environment of
 * OpenTelemetry says (`OTEL_EXPORTER_OTLP_…`), or to a collector on this machine.
 *
 * @example plugins: [metrics(), otlp({ endpoint: "https://otlp.example.com", headers: { "api-key": key } })]
 */
export const otlp: ReporterFactory<OtlpOptions> = defineReporter<OtlpOptions>({
  name: "otlp",
  options: schema,
  open: async (options, { log }) => (await import("./open.ts")).open(options, process.env, log),
});
