import { defineReporter, type ReporterFactory } from "@elpis/api";
import { type FileOptions, schema } from "./options.ts";

export type { FileOptions } from "./options.ts";

/**
 * Writes metrics, spans, errors and events to a file, one JSON object a line. The file is rotated.
 *
 * @example
 * export default defineConfig({ plugins: [metrics(), file({ path: "telemetry.jsonl", size: "50mb", keep: 7 })] });
 */
export const file: ReporterFactory<FileOptions> = defineReporter<FileOptions>({
  name: "file",
  options: schema,
  open: async (options, context) => {
    const { fileReporter } = await import("./reporter.ts");
    return fileReporter(options, context);
  },
});
