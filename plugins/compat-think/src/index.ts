import { type Capability, capability, definePlugin, type PluginFactory } from "@elpis/api";
import type { ThinkMessenger } from "./contract.ts";
import { takeProcessMessages } from "./process-messages.ts";
import { thinkMessenger } from "./shared.ts";

export type {
  ThinkAnswers,
  ThinkCallOptions,
  ThinkFailure,
  ThinkMessenger,
} from "./contract.ts";
export type { Listener as ThinkListener } from "./listeners.ts";
export { thinkMessenger };

/** The messenger, for other plugins. */
export const thinkMessengerToken: Capability<ThinkMessenger> =
  capability<ThinkMessenger>("compat-think.messenger");

/**
 * Lets an application of think-cluster run as it is: offers its messenger, and understands what its workers send to their
 * master (`think-graceful-disconnect`, `think-cluster-reload-workers`).
 *
 * @example plugins: [compatThink()]
 */
export const compatThink: PluginFactory<Record<never, never>> = definePlugin({
  name: "compat-think",
  roles: ["agent", "worker"],
  // Whoever sends is there; an agent for it alone would have nobody to listen to.
  agent: "optional",
  provides: [thinkMessengerToken],
  setup(host) {
    host.provide(thinkMessengerToken, thinkMessenger(host.hub, { log: host.log }));
    host.onClose(takeProcessMessages(host, process));
  },
});
