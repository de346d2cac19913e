import { type Client, hasCode } from "@elpis/api";
import { withMaster } from "../../apps.ts";
import { noPlugin } from "../../errors.ts";
import type { CommonOptions } from "../../options.ts";
import type { MetricsTopics } from "../../preset.ts";

const TIMEOUT_MS = 5000;

/** Asks what the metrics plugin answers. @throws ELPIS_CLI_NO_PLUGIN */
export async function askMetrics<Answer>(
  app: string,
  { timeoutMs = TIMEOUT_MS }: CommonOptions,
  work: (client: Client<MetricsTopics>, timeoutMs: number) => Promise<Answer>,
): Promise<Answer> {
  return withMaster(app, timeoutMs, async ({ client }) => {
    try {
      return await work(client as unknown as Client<MetricsTopics>, timeoutMs);
    } catch (error) {
      throw hasCode(error, "ELPIS_HUB_NO_RESPONDER") ? noPlugin(app, "metrics") : error;
    }
  });
}
