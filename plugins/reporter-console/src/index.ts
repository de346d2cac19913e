import { defineReporter, type ReporterFactory } from "@elpis/api";
import { type ConsoleOptions, schema } from "./options.ts";

export type { ConsoleOptions } from "./options.ts";

/**
 * Prints metrics, spans, errors and events as lines for people.
 *
 * @example
 * export default defineConfig({ plugins: [metrics(), consoleReporter({ only: { groups: ["shop"] }, every: "10s" })] });
 */
export const consoleReporter: ReporterFactory<ConsoleOptions> = defineReporter<ConsoleOptions>({
  name: "console",
  options: schema,
  open: async (options) => {
    const { printingReporter } = await import("./reporter.ts");
    return printingReporter(options);
  },
});
