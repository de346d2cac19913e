import { type Capability, capability, definePlugin, type PluginFactory } from "@elpis/api";
import type { EggMessenger } from "./contract.ts";
import { takeProcessMessages } from "./process-messages.ts";
import { eggMessenger } from "./shared.ts";

export type { EggMessenger, EggReady } from "./contract.ts";
export type { Listener as EggListener } from "./listeners.ts";
export { eggMessenger };

/** The messenger, for other plugins. */
export const eggMessengerToken: Capability<EggMessenger> =
  capability<EggMessenger>("compat-egg.messenger");

/**
 * Lets agent and app workers of Egg talk as they are used to: offers Egg's messenger, and understands what they send to their
 * master with `process.send`, `reload-worker` among it.
 *
 * @example plugins: [compatEgg()]
 */
export const compatEgg: PluginFactory<Record<never, never>> = definePlugin({
  name: "compat-egg",
  roles: ["agent", "worker"],
  // Whoever sends is there; an agent for it alone would have nobody to listen to.
  agent: "optional",
  provides: [eggMessengerToken],
  setup(host) {
    const messenger = eggMessenger(host.hub, { log: host.log });
    host.provide(eggMessengerToken, messenger);
    host.onClose(() => messenger.close());
    host.onClose(takeProcessMessages(messenger, process));
  },
});
