import type { Reporter, ReporterContext } from "@elpis/api";
import { type NewRelicOptions, newRelic } from "../../src/index.ts";
import { KEY } from "./receiver.ts";
import { contextWith } from "./samples.ts";

/** A reporter that sends everything to one place. */
export async function openTo(
  url: string,
  more: Partial<NewRelicOptions> = {},
  context: ReporterContext = contextWith(),
): Promise<Reporter> {
  const options = { apiKey: KEY, metricUrl: url, traceUrl: url, eventUrl: `${url}/`, ...more };
  return newRelic.definition.open(options, context);
}
