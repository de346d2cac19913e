import type { Client } from "@elpis/api";
import { notPicked } from "./errors.ts";
import type { MetricsRegistry } from "./front/registry.ts";

/** On the client, so that it is found through whatever stands for it, and by every copy of this package. */
const KEY = Symbol.for("elpis.metrics.registry");

type Holder = { [KEY]?: MetricsRegistry | undefined };

/** Has {@link metricsOf} find a registry. @returns what ends it */
export function attachRegistry(client: Client, registry: MetricsRegistry): () => void {
  const holder = client as Holder;
  holder[KEY] = registry;
  return () => {
    if (holder[KEY] === registry) holder[KEY] = undefined;
  };
}

/**
 * The metrics of the process that a client belongs to.
 *
 * @throws ELPIS_METRICS_NOT_PICKED when its application has not picked this plugin
 * @example
 * import { hub } from "@elpis/core/process";
 * const orders = metricsOf(hub).getMeter("shop", "orders");
 * orders.mark();
 */
export function metricsOf(client: Client): MetricsRegistry {
  const registry = (client as Holder)[KEY];
  if (registry === undefined) throw notPicked();
  return registry;
}
