import { join } from "node:path";
import type { Logger } from "@elpis/api";
import { jobsFormat } from "../errors.ts";
import type { JournalFile, JournalFiles } from "./files.ts";
import { decodeRecord, type JournalRecord, PREFIX_BYTES, soundLength } from "./records.ts";

/** What every segment begins with: a name and the version of the format. */
const MAGIC = "ELPJ";
const VERSION = 1;
export const HEADER_BYTES = 8;
const READ_BYTES = 1024 * 1024;
const NAME = /^journal-(\d{8})\.(log|base)$/;
/** What was being made when the hub ended; nothing in it counts. */
const DRAFT = /^journal-\d{8}\.base\.draft$/;

/** A file of the journal: a `log` goes on where those before it end, a `base` replaces all before it. */
export interface Segment {
  readonly number: number;
  readonly kind: "log" | "base";
}

/** What was wrong with the files. */
export interface Damage {
  /** Bytes at the end that were never a whole record, cut off. */
  cutBytes: number;
  /** Bytes behind a record that is damaged, kept in copies. */
  damagedBytes: number;
  /** Records of a kind that this version does not know. */
  unknown: number;
}

export function segmentPath(dir: string, { number, kind }: Segment): string {
  return join(dir, `journal-${String(number).padStart(8, "0")}.${kind}`);
}

export function segmentHeader(): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, "latin1");
  header.writeUInt32LE(VERSION, MAGIC.length);
  return header;
}

/** The segments that count, oldest first. Drafts, and what a base has replaced, are removed. */
export async function findSegments(dir: string, files: JournalFiles): Promise<Segment[]> {
  const found: Segment[] = [];
  for (const name of await files.list(dir)) {
    const [, number, kind] = NAME.exec(name) ?? [];
    if (DRAFT.test(name)) await files.remove(join(dir, name));
    if (number !== undefined) found.push({ number: Number(number), kind: kind as "log" | "base" });
  }
  found.sort((a, b) => a.number - b.number);
  const base = found.findLastIndex(({ kind }) => kind === "base");
  for (const segment of found.splice(0, Math.max(base, 0))) {
    await files.remove(segmentPath(dir, segment));
  }
  return found;
}

/**
 * Reads a segment and cuts off what is not whole at its end. Where a record in its middle is damaged, the rest is kept in
 * a copy beside it. Returns where the next record goes.
 * @throws ELPIS_JOBS_FORMAT
 */
export async function readSegment(
  file: JournalFile,
  files: JournalFiles,
  onRecord: (record: JournalRecord) => void,
  damage: Damage,
  log: Logger,
): Promise<number> {
  const size = await file.size();
  if (!(await hasHeader(file, size))) return rewrite(file);
  let at = HEADER_BYTES;
  let wanted = READ_BYTES;
  while (at < size) {
    const bytes = await readAt(file, at, Math.min(wanted, size - at));
    const used = takeRecords(bytes, onRecord, damage);
    at += used;
    wanted = READ_BYTES;
    if (used > 0) continue;
    // Nothing in this piece is whole: a long record, or the end of what can be read.
    const needed = claimed(bytes);
    if (needed <= bytes.length || needed > size - at) break;
    wanted = needed;
  }
  if (at < size) await cut(file, files, at, size, damage, log);
  return at;
}

/** Whether it was begun by us; a file that was cut within its header was not begun at all. */
async function hasHeader(file: JournalFile, size: number): Promise<boolean> {
  const header = await readAt(file, 0, Math.min(size, HEADER_BYTES));
  const ours = segmentHeader();
  if (header.equals(ours)) return true;
  // A length that reached the disk without its bytes reads as zeros.
  const isTorn =
    header.length < HEADER_BYTES || (size === HEADER_BYTES && header.every((b) => b === 0));
  if (isTorn) return false;
  const version = header.toString("latin1", 0, 4) === MAGIC ? header.readUInt32LE(4) : undefined;
  throw jobsFormat(
    file.path,
    version === undefined ? "another kind of file" : `version ${version}`,
  );
}

async function rewrite(file: JournalFile): Promise<number> {
  await file.truncate(0);
  await file.write(segmentHeader(), 0);
  await file.sync();
  return HEADER_BYTES;
}

async function readAt(file: JournalFile, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  return bytes.subarray(0, await file.read(bytes, at));
}

/** Bytes that the first record of `bytes` says it has. */
function claimed(bytes: Buffer): number {
  return bytes.length < PREFIX_BYTES ? PREFIX_BYTES : PREFIX_BYTES + bytes.readUInt32LE(0);
}

function takeRecords(
  bytes: Buffer,
  onRecord: (record: JournalRecord) => void,
  damage: Damage,
): number {
  let at = 0;
  for (let length = soundLength(bytes, at); length !== undefined; length = soundLength(bytes, at)) {
    const record = decodeRecord(bytes, at, length);
    if (record === undefined) damage.unknown++;
    else onRecord(record);
    at += length;
  }
  return at;
}

async function cut(
  file: JournalFile,
  files: JournalFiles,
  at: number,
  size: number,
  damage: Damage,
  log: Logger,
): Promise<void> {
  const bytes = size - at;
  const fields = { file: file.path, at, bytes };
  if (await hasRecordBehind(file, at, size)) {
    const copy = `${file.path}.${at}.damaged`;
    await copyRest(file, files, at, size, copy);
    damage.damagedBytes += bytes;
    log.error(
      "the journal of the jobs is damaged: jobs behind the damage are not there; they are kept in a copy",
      { ...fields, copy },
    );
  } else {
    damage.cutBytes += bytes;
    log.warn("the last write to the journal of the jobs was not complete; it was cut off", fields);
  }
  await file.truncate(at);
  await file.sync();
}

/** Whether a sound record lies anywhere behind a bad one: then it is not merely the end that was torn. */
async function hasRecordBehind(file: JournalFile, from: number, size: number): Promise<boolean> {
  // A record may begin near the end of one piece, so the pieces overlap.
  for (let at = from + 1; at < size; at += READ_BYTES) {
    const bytes = await readAt(file, at, Math.min(2 * READ_BYTES, size - at));
    const starts = Math.min(READ_BYTES, bytes.length);
    for (let start = 0; start < starts; start++) {
      if (soundLength(bytes, start) !== undefined) return true;
    }
  }
  return false;
}

async function copyRest(
  file: JournalFile,
  files: JournalFiles,
  from: number,
  size: number,
  path: string,
): Promise<void> {
  const copy = await files.open(path);
  try {
    for (let at = from; at < size; at += READ_BYTES) {
      await copy.write(await readAt(file, at, Math.min(READ_BYTES, size - at)), at - from);
    }
    await copy.sync();
  } finally {
    await copy.close();
  }
}
