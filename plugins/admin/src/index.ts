import { application, type Client, definePlugin, type PluginFactory } from "@elpis/api";
import { errorLog, metricsReader } from "@elpis/telemetry";
import { type AdminOptions, schema } from "./options.ts";
import { PLACE_TOPIC, type PlaceTopics } from "./place.ts";

export type { AdminOptions } from "./options.ts";
export type { AdminTopics, ErrorAnswer } from "./topics.ts";

/**
 * The face of an application over HTTP, in its agent: health, processes, errors, metrics, tasks, events, and what the
 * command line can do. It listens for this machine only, unless told otherwise.
 *
 * @example plugins: [admin({ port: 7002 })]
 */
export const admin: PluginFactory<AdminOptions> = definePlugin<AdminOptions>({
  name: "admin",
  roles: ["master", "agent", "worker"],
  wants: [application, metricsReader],
  options: schema,
  async setup(host, options) {
    const { hub, location } = host;
    if (options.errors !== false) {
      const log = errorLog(hub, { keep: options.errors ?? 100 });
      host.onClose(() => log.stop());
    }
    if (location.role === "master") {
      const about = host.find(application);
      const client = hub as unknown as Client<PlaceTopics>;
      if (about === undefined) return;
      const { runtimeDir } = about;
      host.onClose(client.handle(PLACE_TOPIC, () => ({ runtimeDir })));
    }
    if (location.role !== "agent") return;
    // Loaded only by the one process that serves.
    const { serve } = await import("./agent/serve.ts");
    await serve(host, options, host.find(metricsReader));
  },
});
