import { resolve } from "node:path";
import {
  type Batch,
  parseSize,
  type ReportCall,
  type Reporter,
  type ReporterContext,
  RetryLater,
} from "@elpis/api";
import { linesOf, resourceLine } from "./lines.ts";
import { type FileOptions, SIGNALS } from "./options.ts";
import { RotatingFile } from "./rotating-file.ts";

const DEFAULT_SIZE = "100mb";
const DEFAULT_KEEP = 10;

/** Makes the reporter. */
export function fileReporter(options: FileOptions, context: ReporterContext): Reporter {
  const {
    path,
    size = DEFAULT_SIZE,
    daily = true,
    keep = DEFAULT_KEEP,
    signals = SIGNALS,
  } = options;
  const rotation = {
    maxBytes: size === false ? Number.POSITIVE_INFINITY : (parseSize(size) as number),
    daily,
    keep: keep === false ? Number.POSITIVE_INFINITY : keep,
  };
  const file = new RotatingFile(resolve(path), rotation, context.log);
  // A disk may hang for longer than a call lasts. Batches that waited for it would fill the memory.
  let last: Promise<void> | undefined;
  return {
    // A call that is over leaves nothing in the file, so all of it may come again.
    wants: { signals, retry: "safe" },
    async report(batch: Batch, { signal }: ReportCall): Promise<void> {
      signal.throwIfAborted();
      const lines = linesOf(batch);
      if (lines === "") return;
      if (last !== undefined) throw new RetryLater(undefined, "the disk is at the batch before");
      const written = file.append(lines, resourceLine(batch.resource), batch.time, signal);
      last = written
        .catch(() => {})
        .then(() => {
          last = undefined;
        });
      await untilAborted(written, signal);
    },
    async close(): Promise<void> {
      await last;
      await file.close();
    },
  };
}

/** Whatever the disk says is no fault of the batch, and nothing of it is in the file. */
function untilAborted(written: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const fail = (error: unknown): void => {
      const { code = "unknown error" } = (error ?? {}) as NodeJS.ErrnoException;
      reject(
        signal.aborted
          ? signal.reason
          : new RetryLater(undefined, `the file cannot be written: ${code}`),
      );
    };
    written.then(resolve, fail).finally(() => signal.removeEventListener("abort", abort));
  });
}
