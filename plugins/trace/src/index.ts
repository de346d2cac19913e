import { application, definePlugin, type PluginFactory, reporters } from "@elpis/api";
import { metricsStore } from "@elpis/telemetry";
import type { TraceOptions } from "./options.ts";
import { schema } from "./schema.ts";

export type { LibraryName } from "./libraries/names.ts";
export type {
  AnyInstrumentation,
  CacheOptions,
  HttpOptions,
  KeepOptions,
  Propagation,
  SamplingOptions,
  SlowOptions,
  SqlOptions,
  TraceOptions,
  WindowOptions,
} from "./options.ts";

/**
 * Follows every request through all processes of an application: servers, messages of the hub, databases and other services, with
 * OpenTelemetry. Traces are put together in the agent, or in the master where there is none.
 *
 * @example plugins: [metrics(), trace({ sampling: { ratio: 0.1 }, slow: "500ms" })]
 */
export const trace: PluginFactory<TraceOptions> = definePlugin<TraceOptions>({
  name: "trace",
  roles: ["master", "agent", "worker"],
  agent: "optional",
  wants: [application, metricsStore, reporters],
  provides: [],
  options: schema,
  async setup(host, options) {
    const { setup } = await import("./process/setup.ts");
    await setup(host, options);
  },
});
