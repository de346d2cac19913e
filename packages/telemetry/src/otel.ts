export { createMeterProvider, type MeterProviderOptions } from "./otel/provider.ts";
