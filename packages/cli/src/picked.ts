import { type CallOptions, type Client, hasCode } from "@elpis/api";
import { withMaster } from "./apps.ts";
import type { PickedTopics } from "./preset.ts";

/**
 * Asks what a plugin answers in the agent. Undefined: the application has not picked it.
 *
 * @throws as `withMaster`
 */
export function askPicked<Answer>(
  app: string,
  timeoutMs: number,
  work: (client: Client<PickedTopics>, call: CallOptions) => Promise<Answer>,
): Promise<Answer | undefined> {
  return withMaster(app, timeoutMs, async ({ client }) => {
    try {
      const call = { to: { role: "agent" }, timeoutMs } as const;
      return await work(client as unknown as Client<PickedTopics>, call);
    } catch (error) {
      if (hasCode(error, "ELPIS_HUB_NO_RESPONDER")) return undefined;
      throw error;
    }
  });
}
