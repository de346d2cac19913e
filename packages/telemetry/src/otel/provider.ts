import type { Meter, MeterProvider } from "@opentelemetry/api";
import type { Store } from "../store/contract.ts";
import { OtelMeter } from "./meter.ts";

/** How a provider of meters is made. */
export interface MeterProviderOptions {
  /** Told of instruments that cannot be, such as one of another kind under the same name. What they are told is dropped and counted. */
  readonly onProblem?: (error: Error) => void;
}

/**
 * Lets whatever is instrumented with OpenTelemetry measure with the instruments of a store, where everything is merged once.
 * The name of a meter is the group of its instruments. One name is one instrument, whichever meter it comes from.
 *
 * @example
 * import { metrics } from "@opentelemetry/api";
 * metrics.setGlobalMeterProvider(createMeterProvider(store));
 */
export function createMeterProvider(
  store: Store,
  options: MeterProviderOptions = {},
): MeterProvider {
  const meters = new Map<string, Meter>();
  const onProblem = options.onProblem ?? (() => {});
  return {
    getMeter: (name, version = "") => {
      const key = `${name}@${version}`;
      const meter = meters.get(key) ?? new OtelMeter(store, name, onProblem);
      meters.set(key, meter);
      return meter;
    },
  };
}
