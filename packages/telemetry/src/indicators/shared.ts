import type { Client } from "@elpis/api";

/**
 * One thing for each connection to a hub, made when it is first asked for. Two copies of this package in one process,
 * such as one that a configuration in TypeScript has loaded, share it.
 *
 * @param name what it is; the same in all copies
 */
export function shared<Thing extends object>(
  name: string,
  make: (hub: Client) => Thing,
): (hub: Client) => Thing {
  const key = Symbol.for(`elpis.telemetry.${name}`);
  return (hub) => {
    // The one thing of a client that is the same object for the client itself and for `hub` of `@elpis/core/process`.
    const holder = hub.closed as object as { [key]?: Thing };
    holder[key] ??= make(hub);
    return holder[key];
  };
}
