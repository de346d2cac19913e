import type { Client, Logger } from "@elpis/api";
import type { EggMessenger } from "./contract.ts";
import { HubMessenger } from "./messenger.ts";

/** Two copies of this package in one process, such as one that a configuration in TypeScript has loaded, share it. */
const KEY = Symbol.for("elpis.compat-egg.messenger");

/**
 * The messenger of a process: always the same one for the same connection to the hub.
 *
 * @param options.log where failures are written that nobody waits for. @default a warning of the process
 * @example
 * import { hub } from "@elpis/core/process";
 * const messenger = eggMessenger(hub);
 * messenger.on("refresh", () => cache.clear());
 * messenger.once("egg-ready", () => messenger.sendToAgent("hello", process.pid));
 */
export function eggMessenger(hub: Client, options: { readonly log?: Logger } = {}): EggMessenger {
  // The one thing of a client that is the same object for the client itself and for `hub` of `@elpis/core/process`.
  const { closed } = hub as { closed: object & { [KEY]?: EggMessenger } };
  closed[KEY] ??= new HubMessenger(hub, options.log);
  return closed[KEY];
}
