import type { Logger } from "@elpis/api";
import type { Store } from "@elpis/telemetry";

/**
 * Has the metrics API of OpenTelemetry give instruments of this store, when it is installed and nobody else has taken it.
 *
 * @returns what ends it
 */
export async function registerOpenTelemetry(store: Store, log: Logger): Promise<() => void> {
  const api = await import("@opentelemetry/api").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  });
  if (api === undefined) return () => {};
  const { createMeterProvider } = await import("@elpis/telemetry/otel");
  const provider = createMeterProvider(store, { onProblem: (error) => log.warn(error.message) });
  const isOurs = api.metrics.setGlobalMeterProvider(provider);
  if (!isOurs) {
    log.debug("OpenTelemetry has another meter provider already; what it measures is not merged");
    return () => {};
  }
  return () => api.metrics.disable();
}
