import type { Logger } from "@elpis/api";
import { jobsDisk } from "../errors.ts";
import { writeBase } from "./compaction.ts";
import { diskFiles, type JournalFile, type JournalFiles } from "./files.ts";
import { encodeRecord, type JournalRecord } from "./records.ts";
import {
  type Damage,
  findSegments,
  HEADER_BYTES,
  readSegment,
  type Segment,
  segmentHeader,
  segmentPath,
} from "./segments.ts";

/** How long a note may wait for company before it is written, in milliseconds. */
const NOTE_DELAY_MS = 50;
/** How long notes wait for the disk after it has failed, in milliseconds. */
const RETRY_MS = 1000;
/** Notes that may wait for a disk that does not take them, in bytes. */
const MAX_NOTE_BYTES = 16 * 1024 * 1024;
/** What is written at once, in bytes; a single record may be larger. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
/** Files smaller than this are not worth rewriting, in bytes. */
const COMPACT_BYTES = 16 * 1024 * 1024;

export interface JournalOptions {
  readonly dir: string;
  readonly log: Logger;
  /** All jobs as they are now, as records; read at once or while they change. */
  readonly snapshot: () => Iterable<JournalRecord>;
  /** Bytes that a snapshot would have, about. */
  readonly liveBytes: () => number;
  /** @default the real one */
  readonly files?: JournalFiles;
  /** Files smaller than this are not rewritten, in bytes. @default 16777216 */
  readonly compactBytes?: number;
}

/** What a journal counts. */
export interface JournalStats extends Readonly<Damage> {
  /** Bytes in all segments. */
  readonly bytes: number;
  readonly segments: number;
  /** Writes that the disk refused. */
  readonly failures: number;
  /** Notes that came too late, or that the disk refused for too long: jobs that were done may come again. */
  readonly lostNotes: number;
  readonly compactions: number;
}

interface Pending {
  readonly bytes: Buffer;
  /** Called when it is on disk, or cannot be; notes have none. */
  readonly done: ((error?: Error) => void) | undefined;
}

/**
 * Keeps jobs on disk. Records are appended; all that come while one write is on its way to the disk go with the next one,
 * so that many share one `fdatasync`. When most of what the files hold is over, they are rewritten.
 */
export class Journal {
  readonly #options: Required<JournalOptions>;
  readonly #files: JournalFiles;
  readonly #damage: Damage = { cutBytes: 0, damagedBytes: 0, unknown: 0 };
  #segments: Segment[] = [];
  #file!: JournalFile;
  /** Where the next record goes; all before it is on disk. */
  #end = HEADER_BYTES;
  /** Whether something that does not count may lie behind the end. */
  #isDirty = false;
  /** Bytes of the segments before the present one. */
  #olderBytes = 0;
  #pending: Pending[] = [];
  #pendingBytes = 0;
  /** Pending ones that somebody waits for. */
  #waiting = 0;
  #isClosing = false;
  #writing: Promise<void> | undefined;
  #compacting: Promise<void> | undefined;
  #compactAt: number;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  /** The last write failed: that is logged already. */
  #isFailing = false;
  #lostNotes = 0;
  #compactions = 0;

  private constructor(options: JournalOptions) {
    this.#options = { files: diskFiles, compactBytes: COMPACT_BYTES, ...options };
    this.#files = this.#options.files;
    this.#compactAt = this.#options.compactBytes;
  }

  /**
   * Opens the journal of a folder and tells what it holds, oldest first. Both the folder and the first file are made when
   * they are not there. The folder must be one's own: nothing here keeps a second process from writing.
   * @throws ELPIS_JOBS_DISK, ELPIS_JOBS_FORMAT, ELPIS_HUB_UNSAFE_DIR
   */
  static async open(
    options: JournalOptions,
    onRecord: (record: JournalRecord) => void,
  ): Promise<Journal> {
    const journal = new Journal(options);
    try {
      await journal.#open(onRecord);
      return journal;
    } catch (error) {
      await journal.#file?.close().catch(() => undefined);
      if ((error as { code?: string }).code?.startsWith("ELPIS_") === true) throw error;
      throw jobsDisk(error);
    }
  }

  /** Writes a record; `done` is called once, when it is on disk or when it cannot be, and then it is not there. */
  commit(record: JournalRecord, done: (error?: Error) => void): void {
    if (this.#isClosing) return done(jobsDisk("the hub is closing"));
    this.#add({ bytes: encodeRecord(record), done });
    this.#write();
  }

  /** Writes a record some time soon. One that is lost in a crash may only mean that a job comes again. */
  note(record: JournalRecord): void {
    if (this.#isClosing) {
      this.#lostNotes++;
      return;
    }
    this.#add({ bytes: encodeRecord(record), done: undefined });
    this.#writeLater(NOTE_DELAY_MS);
  }

  stats(): JournalStats {
    return {
      ...this.#damage,
      bytes: this.#olderBytes + this.#end,
      segments: this.#segments.length,
      failures: this.#failures,
      lostNotes: this.#lostNotes,
      compactions: this.#compactions,
    };
  }

  /** Writes what waits and closes the file. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#timer);
    while (this.#writing !== undefined) await this.#writing;
    await this.#compacting;
    while (this.#pending.length > 0 && (await this.#writeBatch()));
    await this.#file.close();
  }

  async #open(onRecord: (record: JournalRecord) => void): Promise<void> {
    const { dir, log } = this.#options;
    await this.#files.makeDir(dir);
    this.#segments = await findSegments(dir, this.#files);
    const last = this.#segments.at(-1);
    for (const segment of this.#segments) {
      const file = await this.#files.open(segmentPath(dir, segment));
      // Closed by whoever opens the journal, should it fail.
      this.#file = file;
      const end = await readSegment(file, this.#files, onRecord, this.#damage, log);
      if (segment === last) this.#end = end;
      else {
        this.#olderBytes += end;
        await file.close();
      }
    }
    if (last === undefined) await this.#begin(1);
    await this.#files.syncDir(dir);
  }

  /** Begins a new segment; until it is on disk nothing changes. */
  async #begin(number: number): Promise<void> {
    const { dir } = this.#options;
    const segment: Segment = { number, kind: "log" };
    const file = await this.#files.open(segmentPath(dir, segment));
    try {
      await file.truncate(0);
      await file.write(segmentHeader(), 0);
      await file.sync();
      await this.#files.syncDir(dir);
    } catch (error) {
      await file.close();
      throw error;
    }
    const before = this.#segments.length > 0 ? this.#file : undefined;
    if (before !== undefined) this.#olderBytes += this.#end;
    this.#segments.push(segment);
    this.#file = file;
    this.#end = HEADER_BYTES;
    this.#isDirty = false;
    await before?.close();
  }

  #add(pending: Pending): void {
    this.#pending.push(pending);
    this.#pendingBytes += pending.bytes.length;
    if (pending.done !== undefined) this.#waiting++;
  }

  #write(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
      // Somebody may have come between the last look and now.
      if (this.#waiting > 0) this.#write();
      else if (this.#pending.length > 0) this.#writeLater(RETRY_MS);
    });
  }

  #writeLater(delayMs: number): void {
    if (this.#timer !== undefined || this.#isClosing) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#pending.length > 0) this.#write();
    }, delayMs);
    this.#timer.unref();
  }

  /** Writes until nothing is left, or nothing that somebody waits for when the disk does not take it. */
  async #writeAll(): Promise<void> {
    do {
      const isWell = await this.#writeBatch();
      if (isWell) await this.#compactIfDue();
      else if (this.#waiting === 0) return;
    } while (this.#pending.length > 0);
  }

  async #writeBatch(): Promise<boolean> {
    const batch = this.#takeBatch();
    const bytes = Buffer.concat(batch.map((pending) => pending.bytes));
    try {
      await this.#cut();
      this.#isDirty = true;
      await this.#file.write(bytes, this.#end);
      await this.#file.sync();
    } catch (cause) {
      await this.#failed(batch, cause);
      return false;
    }
    this.#isDirty = false;
    this.#isFailing = false;
    this.#end += bytes.length;
    for (const { done } of batch) done?.();
    return true;
  }

  #takeBatch(): Pending[] {
    let bytes = 0;
    let count = 0;
    for (const pending of this.#pending) {
      if (count > 0 && bytes + pending.bytes.length > MAX_BATCH_BYTES) break;
      bytes += pending.bytes.length;
      count++;
      if (pending.done !== undefined) this.#waiting--;
    }
    this.#pendingBytes -= bytes;
    return this.#pending.splice(0, count);
  }

  /** Removes what a failed write may have left, so that no part of it is ever read as a record. */
  async #cut(): Promise<void> {
    if (!this.#isDirty) return;
    await this.#file.truncate(this.#end);
    await this.#file.sync();
    this.#isDirty = false;
  }

  async #failed(batch: Pending[], cause: unknown): Promise<void> {
    this.#failures++;
    if (!this.#isFailing) {
      this.#isFailing = true;
      this.#options.log.error("the journal of the jobs cannot be written; it is tried again", {
        dir: this.#options.dir,
        error: String(cause),
      });
    }
    // What cannot be cut now is cut before the next write.
    await this.#cut().catch(() => undefined);
    const notes = batch.filter(({ done }) => done === undefined);
    this.#pending = [...notes, ...this.#pending];
    for (const { bytes } of notes) this.#pendingBytes += bytes.length;
    this.#forgetNotes();
    for (const { done } of batch) done?.(jobsDisk(cause));
  }

  /** A disk that takes nothing for a long time must not fill the memory. */
  #forgetNotes(): void {
    while (this.#pendingBytes > MAX_NOTE_BYTES && this.#pending[0]?.done === undefined) {
      this.#pendingBytes -= this.#pending.shift()?.bytes.length ?? 0;
      this.#lostNotes++;
    }
  }

  async #compactIfDue(): Promise<void> {
    const bytes = this.#olderBytes + this.#end;
    const live = this.#options.liveBytes();
    if (this.#compacting !== undefined || this.#isClosing) return;
    if (bytes < this.#compactAt || bytes < 2 * live) return;
    await this.#compact();
  }

  /**
   * Replaces all that is there by what is still needed. New records go to a new segment at once; the jobs are written to a
   * base that comes to stand before it. Until the base has its name, the old segments count.
   */
  async #compact(): Promise<void> {
    const { dir, log, compactBytes, snapshot } = this.#options;
    const old = [...this.#segments];
    const number = (old.at(-1)?.number ?? 0) + 1;
    try {
      await this.#begin(number + 1);
    } catch (error) {
      return this.#notCompacted(error);
    }
    const oldBytes = this.#olderBytes;
    const base: Segment = { number, kind: "base" };
    this.#compacting = writeBase(dir, base, snapshot(), this.#files)
      .then(async (bytes) => {
        this.#segments = [base, ...this.#segments.slice(old.length)];
        this.#olderBytes += bytes - oldBytes;
        this.#compactAt = compactBytes;
        this.#compactions++;
        for (const segment of old) await this.#files.remove(segmentPath(dir, segment));
        log.debug("the journal of the jobs was rewritten", { oldBytes, bytes });
      })
      .catch((error) => this.#notCompacted(error))
      .finally(() => {
        this.#compacting = undefined;
      });
  }

  #notCompacted(error: unknown): void {
    // Not again at once: the disk is likely to be full.
    this.#compactAt = this.#olderBytes + this.#end + this.#options.compactBytes;
    this.#options.log.warn("the journal of the jobs could not be rewritten; it grows on", {
      dir: this.#options.dir,
      error: String(error),
    });
  }
}
