import { accessLine } from "../records/access.ts";
import { errorText } from "../records/errors.ts";
import { nodeLine } from "../records/lines.ts";
import type { Records } from "../records/records.ts";
import { localTime } from "../records/times.ts";
import type { LogFiles } from "./log-files.ts";

/** Adds records to the files of today. `time` is when they were measured. */
export async function writeRecords(
  files: LogFiles,
  records: Records,
  time: number,
  now: number,
): Promise<void> {
  const at = localTime(time);
  const node = records.lines.map((pairs) => `${nodeLine(at, process.pid, pairs)}\n`);
  await files.append("node", node, now);
  const tracing = records.spans.map((span) => `${JSON.stringify(span)}\n`);
  await files.append("tracing", tracing, now);
  const access = records.access.map((one) => `${accessLine(one)}\n`);
  await files.append("access", access, now);
  await files.append("elpis-error", records.errors.map(errorText), now);
}
