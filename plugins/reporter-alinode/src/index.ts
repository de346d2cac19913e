import { defineReporter, type ReporterFactory } from "@elpis/api";
import type { AlinodeOptions } from "./options.ts";
import { schema } from "./schema.ts";

export type { AlinodeCommand, AlinodeOptions, AlinodeServerOptions } from "./options.ts";

/**
 * Reports to Alinode (Node.js Performance Platform): writes the log files that its collector reads, or speaks to its server.
 *
 * @example plugins: [metrics(), alinode({ dir: "/var/log/alinode" })]
 */
export const alinode: ReporterFactory<AlinodeOptions> = defineReporter<AlinodeOptions>({
  name: "alinode",
  options: schema,
  open: async (options, context) =>
    (await import("./reporter.ts")).alinodeReporter(options, context),
});
