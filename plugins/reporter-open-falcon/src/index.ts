import { defineReporter, type ReporterFactory } from "@elpis/api";
import { type OpenFalconOptions, schema } from "./options.ts";

export type { OpenFalconOptions } from "./options.ts";

/**
 * Hands metrics to Open-Falcon: to the agent of the machine, or to a transfer, which says what it does not take.
 *
 * @example
 * export default defineConfig({ plugins: [metrics(), openFalcon({ endpoint: "shop-01" })] });
 */
export const openFalcon: ReporterFactory<OpenFalconOptions> = defineReporter<OpenFalconOptions>({
  name: "open-falcon",
  options: schema,
  open: async (options, context) => {
    const { openFalconReporter } = await import("./reporter.ts");
    return openFalconReporter(options, context);
  },
});
