import type { Client, Logger } from "@elpis/api";
import type { ThinkMessenger } from "./contract.ts";
import { HubMessenger } from "./messenger.ts";

/** Two copies of this package in one process, such as one that a configuration in TypeScript has loaded, share it. */
const KEY = Symbol.for("elpis.compat-think.messenger");

/**
 * The messenger of a process: always the same one for the same connection to the hub.
 *
 * @param options.log where failures are written that nobody waits for. @default a warning of the process
 * @example
 * import { hub } from "@elpis/core/process";
 * const messenger = thinkMessenger(hub);
 * messenger.on("cache.clear", () => cache.clear());
 * messenger.broadcast("cache.clear");
 */
export function thinkMessenger(
  hub: Client,
  options: { readonly log?: Logger } = {},
): ThinkMessenger {
  // The one thing of a client that is the same object for the client itself and for `hub` of `@elpis/core/process`.
  const { closed } = hub as { closed: object & { [KEY]?: ThinkMessenger } };
  closed[KEY] ??= new HubMessenger(hub, options.log);
  return closed[KEY];
}
