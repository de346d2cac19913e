import type { AnyTopics, Client } from "@elpis/api";
import { notJoined } from "./errors.ts";
import { processClient } from "./process-client.ts";

/**
 * This process's client: joined before the entry runs in every process that Elpis starts. It is the one thing that is
 * global. Using it in a process that Elpis did not start throws `ELPIS_HUB_NOT_JOINED`.
 *
 * @example
 * import { hub } from "@elpis/core/process";
 * hub.on("config.changed", (value) => {});
 */
export const hub: Client = new Proxy({} as Client, {
  get(_, property) {
    const client = processClient();
    // A promise is looked for by whoever awaits this; there is none.
    if (property === "then") return undefined;
    if (client === undefined) throw notJoined();
    const value: unknown = Reflect.get(client, property, client);
    return typeof value === "function" ? value.bind(client) : value;
  },
});

/** {@link hub} with contracts. @example const hub = typedHub<Topics>(); */
export function typedHub<Topics = AnyTopics>(): Client<Topics> {
  return hub as unknown as Client<Topics>;
}

/** Whether Elpis started this process. */
export function isJoined(): boolean {
  return processClient() !== undefined;
}
