import type { FileHandle } from "node:fs/promises";
import { type AsideFile, asidesOf, everyAsideOf } from "../files/aside.ts";
import { chunksFrom } from "../files/bytes.ts";
import { compressedChunks, compressedHead } from "./compressed.ts";
import { openAside, openToRead, readRange } from "./plain.ts";
import { HEAD, isSameFile, type LogPosition, longerHead, NOWHERE } from "./position.ts";
import { LineSplitter } from "./splitter.ts";

const CHUNK = 64 * 1024;
/** So often a file may have got another name between two looks. */
const MAX_MISSES = 20;
/** So long a file that was put aside may be without a name. */
const MAX_MISSING_MS = 1000;

/** Reads what is appended to a log, wherever its file has gone to meanwhile. */
export class Follower {
  readonly #path: string;
  #at: LogPosition;
  #splitter = new LineSplitter();
  #lookedAtMs: number = Date.now();
  #missingSince: number | undefined;
  /** How the file begins that had been put aside last when this one was empty; empty itself: none had. */
  #behind: Buffer | undefined;

  constructor(path: string, from: LogPosition = NOWHERE) {
    this.#path = path;
    this.#at = from;
  }

  /** The lines that have come since the last time. */
  async poll(): Promise<string[]> {
    const lookedAtMs = Date.now();
    const lines: string[] = [];
    const handle = await openToRead(this.#path);
    try {
      if (handle === undefined) await this.#readAside(lines);
      else await this.#readLive(handle, lines);
    } finally {
      await handle?.close();
    }
    this.#lookedAtMs = lookedAtMs;
    return lines;
  }

  async #readLive(handle: FileHandle, lines: string[]): Promise<void> {
    const { ino: inode, size } = await handle.stat();
    const { inode: known, offset } = this.#at;
    const mayBeOurs = inode === known && size >= offset;
    if (mayBeOurs && size === 0 && this.#behind === undefined) await this.#lookBehind(handle);
    if (mayBeOurs && size === offset) return;
    // An empty file may have been filled and emptied since.
    if (mayBeOurs && offset > 0 && (await isSameFile(handle, this.#at))) {
      await this.#readOn(handle, lines);
      return;
    }
    // It was put aside, or copied and emptied, which may go on while this is read.
    const begin = await readRange(handle, 0, HEAD);
    if (known !== 0 && !(await this.#readAside(lines, begin))) return;
    this.#splitter = new LineSplitter();
    this.#at = { ...NOWHERE, inode };
    const chunk = await readRange(handle, 0, CHUNK);
    if (begin.length === 0 || !chunk.subarray(0, begin.length).equals(begin)) return;
    this.#took(chunk, lines);
    await this.#readOn(handle, lines);
  }

  async #readOn(handle: FileHandle, lines: string[]): Promise<void> {
    for (;;) {
      const { offset } = this.#at;
      const chunk = await readRange(handle, offset, offset + CHUNK);
      // It may have been emptied and filled again since it was last looked at.
      if (chunk.length === 0 || !(await isSameFile(handle, this.#at))) return;
      this.#took(chunk, lines);
    }
  }

  #took(chunk: Buffer, lines: string[]): void {
    const { offset, head } = this.#at;
    this.#take(chunk, lines);
    this.#at = { ...this.#at, offset: offset + chunk.length, head: longerHead(head, chunk) };
  }

  /** An empty file has no begin that it could be known by. */
  async #lookBehind(handle: FileHandle): Promise<void> {
    const before = await handle.stat();
    const behind = await beginOfNewest(this.#path);
    const now = await handle.stat();
    if (now.size === before.size && now.mtimeMs === before.mtimeMs) this.#behind = behind;
  }

  /**
   * Reads on in what was put aside: the rest of the file that was read, and all that came after it.
   *
   * @param successor how the file begins that has taken its place; it may have been put aside itself by now
   * @returns false when it should be looked for once more: it has no name for an instant while it is put aside
   */
  async #readAside(lines: string[], successor?: Buffer): Promise<boolean> {
    if (this.#at.inode === 0) return true;
    if ((await isBeingEmptied(this.#path)) && this.#mayComeBack()) return false;
    const files = await openAll(this.#path);
    // They change faster than they can be read; they will not for ever.
    if (files === undefined) return false;
    try {
      const found = await this.#findIn(files);
      if (found === undefined && this.#mayComeBack()) return false;
      this.#missingSince = undefined;
      const { own, later } = found ?? { later: this.#sinceLastLook(files) };
      if (own !== undefined) {
        for await (const chunk of chunksOf(own, this.#at.offset)) this.#took(chunk, lines);
      }
      if (successor === undefined) return true;
      const isThere = successor.length > 0;
      const unseen = isThere ? later.slice((await placeOf(later, successor)) + 1) : [...later];
      for (const file of unseen.reverse()) {
        this.#splitter = new LineSplitter();
        for await (const chunk of chunksOf(file, 0)) this.#take(chunk, lines);
      }
      const last = unseen.at(-1) ?? own;
      if (last !== undefined) this.#behind = await beginOf(last, HEAD);
      return true;
    } finally {
      for (const { handle } of files) await handle.close();
    }
  }

  #mayComeBack(): boolean {
    this.#missingSince ??= performance.now();
    return performance.now() - this.#missingSince < MAX_MISSING_MS;
  }

  /** The file that was read, when it was put aside, and what was put aside after it; undefined when that cannot be told. */
  async #findIn(files: readonly OpenAside[]): Promise<Found | undefined> {
    const { head, inode, offset } = this.#at;
    if (offset > 0) return foundAt(files, await placeOf(files, head));
    if (this.#behind === undefined) {
      const own = files.findIndex((one) => one.inode === inode && !one.isCompressed);
      return foundAt(files, own) ?? { later: this.#sinceLastLook(files) };
    }
    if (this.#behind.length === 0) return { later: files };
    const found = foundAt(files, await placeOf(files, this.#behind));
    return found && { later: found.later };
  }

  #sinceLastLook(files: readonly OpenAside[]): readonly OpenAside[] {
    return files.filter(({ modifiedMs }) => modifiedMs >= this.#lookedAtMs);
  }

  #take(chunk: Buffer, lines: string[]): void {
    for (const line of this.#splitter.push(chunk)) lines.push(line);
  }
}

interface OpenAside extends AsideFile {
  readonly handle: FileHandle;
}

interface Found {
  readonly own?: OpenAside;
  readonly later: readonly OpenAside[];
}

function foundAt(files: readonly OpenAside[], at: number): Found | undefined {
  const own = files[at];
  return own && { own, later: files.slice(0, at) };
}

/** Which of the files begins like that, whatever it is called and compressed or not; -1: none. */
async function placeOf(files: readonly OpenAside[], head: Buffer): Promise<number> {
  for (const [at, file] of files.entries()) {
    if ((await beginOf(file, head.length)).equals(head)) return at;
  }
  return -1;
}

/** Whether a copy of the file is there that does not count yet. */
async function isBeingEmptied(path: string): Promise<boolean> {
  return (await everyAsideOf(path)).some(({ state }) => state === "copied");
}

/** How the file begins that was put aside last; empty when none was. */
async function beginOfNewest(path: string): Promise<Buffer> {
  for (let misses = 0; misses < MAX_MISSES; misses += 1) {
    const [newest] = await asidesOf(path);
    if (newest === undefined) break;
    const handle = await openAside(newest);
    if (handle === undefined) continue;
    try {
      return await beginOf({ ...newest, handle }, HEAD);
    } finally {
      await handle.close();
    }
  }
  return NOWHERE.head;
}

/** Open, they are the same files whatever they are called meanwhile. Undefined when they change too fast. */
async function openAll(path: string): Promise<OpenAside[] | undefined> {
  for (let misses = 0; misses < MAX_MISSES; misses += 1) {
    const files = new Map<number, OpenAside>();
    for (const file of await asidesOf(path)) {
      const handle = await openToRead(file.path);
      const inode = (await handle?.stat())?.ino;
      if (handle === undefined || inode === undefined) continue;
      if (files.has(inode)) await handle.close();
      else files.set(inode, { ...file, inode, handle });
    }
    if (isWhole([...files.values()], await asidesOf(path))) return [...files.values()];
    for (const { handle } of files.values()) await handle.close();
  }
  return undefined;
}

/** A folder that is changed while it is listed may hide a file, and one may have got another name before it was opened. */
function isWhole(files: readonly AsideFile[], now: readonly AsideFile[]): boolean {
  return files.length === now.length && files.every(({ inode }, at) => inode === now[at]?.inode);
}

function chunksOf({ handle, isCompressed }: OpenAside, from: number): AsyncGenerator<Buffer> {
  return isCompressed ? compressedChunks(handle, from) : chunksFrom(handle, from);
}

function beginOf({ handle, isCompressed }: OpenAside, length: number): Promise<Buffer> {
  return isCompressed ? compressedHead(handle, length) : readRange(handle, 0, length);
}
