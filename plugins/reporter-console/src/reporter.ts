import type { Writable } from "node:stream";
import type { Batch, ReportCall, Reporter } from "@elpis/api";
import { linesOf } from "./lines.ts";
import { type ConsoleOptions, SIGNALS } from "./options.ts";
import { Printer } from "./print.ts";

/** Makes the reporter. @param streams those of the process, where nothing else is said */
export function printingReporter(
  { stream = "stdout", signals = SIGNALS }: ConsoleOptions,
  streams: { readonly stdout: Writable; readonly stderr: Writable } = process,
): Reporter {
  const printer = new Printer(streams[stream]);
  return {
    // What was printed once is read twice when it comes again.
    wants: { signals, retry: "never" },
    async report(batch: Batch, { signal }: ReportCall): Promise<void> {
      signal.throwIfAborted();
      const text = linesOf(batch);
      if (text !== "") await printer.print(text, signal);
    },
    close: () => printer.close(),
  };
}
