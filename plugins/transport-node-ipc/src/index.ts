import { definePlugin, object, type PluginFactory, type Request } from "@elpis/api";
import { runtimeDir } from "@elpis/core";
import type { DoorStats } from "./counters.ts";
import { Door } from "./door.ts";
import { badLimit } from "./errors.ts";
import { DEFAULT_LIMITS, type DoorLimits, LEAST } from "./limits.ts";

export type { DoorStats } from "./counters.ts";

/** Options of {@link nodeIpc}. */
export interface NodeIpcOptions extends Partial<DoorLimits> {
  /** The hub's folder, where `hub.json` lies. @default that of the application */
  readonly dir?: string;
}

/** What the plugin answers over the hub. */
export interface NodeIpcTopics {
  "elpis.node-ipc.stats": Request<undefined, DoorStats>;
}

/**
 * Lets processes that speak node-ipc join the hub, each as a peer of its own. It runs in the process of the hub and listens
 * in the folder `node-ipc` beside the hub's socket, for this user alone.
 *
 * @example plugins: [nodeIpc()]
 */
export const nodeIpc: PluginFactory<NodeIpcOptions> = definePlugin<NodeIpcOptions>({
  name: "transport-node-ipc",
  roles: ["master"],
  options: object<NodeIpcOptions>({
    dir: "string?",
    maxMessageBytes: "integer?",
    maxConnections: "integer?",
  }),
  async setup(host, { dir = runtimeDir(host.location.app), ...wished }) {
    const limits = { ...DEFAULT_LIMITS, ...wished };
    for (const name of ["maxMessageBytes", "maxConnections"] as const) {
      if (limits[name] < LEAST[name]) throw badLimit(name, LEAST[name], limits[name]);
    }
    const door = await Door.open(dir, limits, host.log);
    host.onClose(() => door.close());
    host.onClose(host.hub.handle("elpis.node-ipc.stats", () => door.stats()));
  },
});
