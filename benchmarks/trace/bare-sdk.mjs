// The SDK of OpenTelemetry by itself, as its own documentation has it, to be given to Node with --import. Where
// BENCH_OTLP is set spans go there, else nowhere. What crosses the hub is not followed.
import { createRequire, register } from "node:module";

// By import the loader that Node 20 needs for TypeScript would change them, and they would not load.
const require = createRequire(import.meta.url);
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-proto");
const { registerInstrumentations } = require("@opentelemetry/instrumentation");
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
const { IORedisInstrumentation } = require("@opentelemetry/instrumentation-ioredis");
const { MySQL2Instrumentation } = require("@opentelemetry/instrumentation-mysql2");
const { BatchSpanProcessor } = require("@opentelemetry/sdk-trace-base");
const { NodeTracerProvider } = require("@opentelemetry/sdk-trace-node");

register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);

const url = process.env.BENCH_OTLP;
const nowhere = {
  export: (_, done) => done({ code: 0 }),
  shutdown: async () => {},
  forceFlush: async () => {},
};
const exporter = url === undefined ? nowhere : new OTLPTraceExporter({ url });
new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] }).register();
registerInstrumentations({
  instrumentations: [
    new HttpInstrumentation(),
    new MySQL2Instrumentation({ maskStatement: true }),
    new IORedisInstrumentation(),
  ],
});
