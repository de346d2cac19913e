import { type Batch, Reject, type Report, type Reporter, type ReporterContext } from "@elpis/api";
import { LogFiles } from "./files/log-files.ts";
import { writeRecords } from "./files/write.ts";
import { type AlinodeOptions, folderOf } from "./options.ts";
import { Recorder, type Records } from "./records/records.ts";
import type { Connection } from "./server/connection.ts";
import { messagesOf } from "./server/messages.ts";

/** Batches that are remembered: the one at hand, and samples that are sent beside it. */
const REMEMBERED = 4;

/** What became of a batch, so that nothing of it is written twice when it comes again. */
interface Progress {
  readonly records: Records;
  isWritten: boolean;
  /** Messages that were sent. */
  sent: number;
}

/**
 * Writes what Alinode reads, and speaks to its server where there is one.
 *
 * @param monotonic a clock that is not set, in milliseconds
 */
export async function alinodeReporter(
  options: AlinodeOptions,
  context: ReporterContext,
  monotonic: () => number = () => performance.now(),
): Promise<Reporter> {
  const folder = folderOf(options);
  const files = folder === undefined ? undefined : new LogFiles(folder);
  await files?.prepare();
  const server = await connect(options, context);
  const recorder = new Recorder(options, monotonic);
  const known = new Map<string, Progress>();
  return {
    wants: {
      signals: ["metrics", "spans", "errors"],
      temporality: options.temporality ?? "cumulative",
      // The collector reads once a minute.
      intervalMs: 60_000,
      maxItems: 5000,
      limits: { nameChars: 120, valueChars: 512, tags: 16 },
    },
    async report(batch, { signal }) {
      signal.throwIfAborted();
      // What is not made yet is not counted as written. Files do not wait for a server.
      if (files === undefined) server?.ensureRegistered();
      const now = context.now();
      const progress = known.get(batch.id) ?? {
        ...{ records: recorder.make(batch), isWritten: false, sent: 0 },
      };
      // The latest stand at the end.
      known.delete(batch.id);
      known.set(batch.id, progress);
      for (const id of known.keys()) if (known.size > REMEMBERED) known.delete(id);
      if (files !== undefined && !progress.isWritten) {
        await writeRecords(files, progress.records, batch.time, now);
        progress.isWritten = true;
      }
      if (server !== undefined) await send(server, progress, signal);
      return outcome(batch, progress.records);
    },
    close: () => server?.close(),
  };
}

async function connect(
  { server }: AlinodeOptions,
  { log }: ReporterContext,
): Promise<Connection | undefined> {
  if (server === undefined) return undefined;
  const { Connection } = await import("./server/connection.ts");
  const connection = new Connection(server, log);
  connection.open();
  return connection;
}

async function send(server: Connection, progress: Progress, signal: AbortSignal): Promise<void> {
  const messages = messagesOf(progress.records);
  for (const message of messages.slice(progress.sent)) {
    await server.report(message, signal);
    progress.sent++;
  }
}

/** @throws Reject when nothing at all could be written */
function outcome({ points, spans, errors }: Batch, { refused }: Records): Report | undefined {
  if (refused.count === 0) return undefined;
  const items = points.length + spans.length + errors.length;
  if (refused.count === items) throw new Reject(refused.reason);
  return { rejected: refused.count, reason: refused.reason };
}
