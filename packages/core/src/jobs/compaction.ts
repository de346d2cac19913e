import type { JournalFile, JournalFiles } from "./files.ts";
import { encodeRecord, type JournalRecord } from "./records.ts";
import { type Segment, segmentHeader, segmentPath } from "./segments.ts";

const PIECE_BYTES = 1024 * 1024;

/**
 * Writes `records` as a base, which counts from the moment in which it gets its name. Returns its size in bytes. When it
 * fails nothing has changed.
 */
export async function writeBase(
  dir: string,
  base: Segment,
  records: Iterable<JournalRecord>,
  files: JournalFiles,
): Promise<number> {
  const path = segmentPath(dir, base);
  const draft = `${path}.draft`;
  const file = await files.open(draft);
  let size: number;
  try {
    await file.truncate(0);
    size = await writeRecords(file, records);
    await file.sync();
  } catch (error) {
    await file.close();
    await files.remove(draft).catch(() => undefined);
    throw error;
  }
  await file.close();
  await files.rename(draft, path);
  await files.syncDir(dir);
  return size;
}

async function writeRecords(file: JournalFile, records: Iterable<JournalRecord>): Promise<number> {
  let pieces: Buffer[] = [segmentHeader()];
  let bytes = 0;
  let end = 0;
  const flush = async (): Promise<void> => {
    const piece = Buffer.concat(pieces);
    pieces = [];
    bytes = 0;
    await file.write(piece, end);
    end += piece.length;
  };
  for (const record of records) {
    const encoded = encodeRecord(record);
    pieces.push(encoded);
    bytes += encoded.length;
    if (bytes >= PIECE_BYTES) await flush();
  }
  await flush();
  return end;
}
