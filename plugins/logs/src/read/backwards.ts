import type { FileHandle } from "node:fs/promises";
import { type AsideFile, asidesOf } from "../files/aside.ts";
import { type DecodedLine, decodeLine } from "../lines/decode.ts";
import { compressedChunks } from "./compressed.ts";
import { endOfLines, linesBackwards, openAside, openToRead, readRange } from "./plain.ts";
import { HEAD, type LogPosition, NOWHERE } from "./position.ts";
import { LineSplitter } from "./splitter.ts";

type Before = Pick<AsideFile, "inode" | "modifiedMs">;

/** So often a file may have got another name between two looks. */
const MAX_MISSES = 20;

/** What is wanted of a log. */
export interface Wanted {
  /** At most so many lines. */
  readonly count: number;
  readonly accept: (line: DecodedLine) => boolean;
  /** What is older is not looked at, in milliseconds since 1970. */
  readonly since?: number | undefined;
}

/** Reads a log from its end, over all that was put aside of it, and no further than it is asked to. */
export class BackwardsReader {
  readonly #path: string;
  readonly #wanted: Wanted;
  #live: FileHandle | undefined;
  #end = 0;
  #position: LogPosition = NOWHERE;
  #isThere = false;

  constructor(path: string, wanted: Wanted) {
    this.#path = path;
    this.#wanted = wanted;
  }

  /** Whether there is a file, or one that was put aside. Known after {@link BackwardsReader.open}. */
  get isThere(): boolean {
    return this.#isThere;
  }

  /** Where the lines end that it reads. */
  get position(): LogPosition {
    return this.#position;
  }

  async open(): Promise<void> {
    this.#live = await openToRead(this.#path);
    if (this.#live === undefined) {
      this.#isThere = (await asidesOf(this.#path)).length > 0;
      return;
    }
    const { ino: inode, size } = await this.#live.stat();
    this.#end = await endOfLines(this.#live, size);
    const head = await readRange(this.#live, 0, Math.min(HEAD, this.#end));
    this.#position = { inode, offset: this.#end, head };
    this.#isThere = true;
  }

  async close(): Promise<void> {
    await this.#live?.close();
  }

  /** The lines that are wanted, the last first. */
  async *lines(): AsyncGenerator<DecodedLine> {
    let left = this.#wanted.count;
    for await (const line of this.#all()) {
      if (left <= 0) return;
      left -= 1;
      yield line;
    }
  }

  async *#all(): AsyncGenerator<DecodedLine> {
    if (this.#wanted.count <= 0) return;
    if (this.#live !== undefined && !(yield* this.#pick(linesBackwards(this.#live, this.#end)))) {
      return;
    }
    yield* this.#putAside();
  }

  async *#putAside(): AsyncGenerator<DecodedLine> {
    const { since = Number.NEGATIVE_INFINITY } = this.#wanted;
    let last: Before | undefined;
    if (this.#live !== undefined)
      last = { ...this.#position, modifiedMs: Number.POSITIVE_INFINITY };
    let misses = 0;
    while (misses < MAX_MISSES) {
      // Listed anew each time: others may get other names meanwhile.
      const next = olderThan(last, await asidesOf(this.#path));
      if (next === undefined || next.modifiedMs < since) return;
      const handle = await openAside(next);
      if (handle === undefined) {
        misses += 1;
        continue;
      }
      last = next;
      try {
        if (!(yield* this.#pick(this.#linesOf(handle, next.isCompressed)))) return;
      } finally {
        await handle.close();
      }
    }
  }

  async *#linesOf(handle: FileHandle, isCompressed: boolean): AsyncGenerator<string[]> {
    if (isCompressed) yield await this.#lastCompressed(handle);
    else yield* linesBackwards(handle, await endOfLines(handle, (await handle.stat()).size));
  }

  /** It can only be read from its begin; no more of it is kept than may be shown. */
  async #lastCompressed(handle: FileHandle): Promise<string[]> {
    const { count, accept } = this.#wanted;
    const splitter = new LineSplitter();
    let kept: string[] = [];
    for await (const chunk of compressedChunks(handle)) {
      for (const text of splitter.push(chunk)) {
        const line = decodeLine(text);
        if (line !== undefined && accept(line)) kept.push(text);
      }
      if (kept.length > count * 2) kept = kept.slice(-count);
    }
    return kept.slice(-count);
  }

  /** @returns whether older ones may be wanted, too */
  async *#pick(chunks: AsyncGenerator<string[]>): AsyncGenerator<DecodedLine, boolean> {
    const { accept, since = Number.NEGATIVE_INFINITY } = this.#wanted;
    for await (const texts of chunks) {
      for (let at = texts.length - 1; at >= 0; at -= 1) {
        const line = decodeLine(texts[at] ?? "");
        if (line === undefined) continue;
        if (line.time < since) return false;
        if (accept(line)) yield line;
      }
    }
    return true;
  }
}

/** The one that was put aside before `last`, whatever they are called by now; compressing keeps the time. */
function olderThan(last: Before | undefined, files: readonly AsideFile[]): AsideFile | undefined {
  if (last === undefined) return files[0];
  const at = files.findIndex(({ inode }) => inode === last.inode);
  if (at >= 0) return files[at + 1];
  return files.find(({ modifiedMs }) => modifiedMs < last.modifiedMs - 1);
}
