import { constants } from "node:fs";
import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Appended } from "../files/append-file.ts";
import { LOOK_MS } from "../shared/times.ts";
import { notAFile } from "./errors.ts";
import type { Output } from "./output.ts";

const LINE_BREAK = 10;
const FILE_MODE = 0o600;
const DIR_MODE = 0o700;
// Not through a link that somebody has put there, and without waiting for who reads a pipe.
const FLAGS =
  constants.O_WRONLY |
  constants.O_APPEND |
  constants.O_CREAT |
  (constants.O_NOFOLLOW ?? 0) |
  (constants.O_NONBLOCK ?? 0);

/** The device and the inode of a file. */
type Identity = string;

/**
 * A file that other processes write as well, and that one of them puts aside. Each write holds whole lines, which the
 * system appends in one piece.
 */
export class SharedOutput implements Output {
  readonly #path: string;
  #file: FileHandle | undefined;
  #identity: Identity | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** The file ends within a line of ours, which is written again as a whole. */
  #isTorn = false;

  constructor(path: string) {
    this.#path = path;
  }

  async append(bytes: Buffer): Promise<Appended> {
    try {
      // Also whoever was frozen looks first: by now the file may have another name, and be compressed.
      if (performance.now() - this.#lookedMs >= LOOK_MS) await this.#look();
      const file = this.#file ?? (await this.#open());
      return await this.#append(file, bytes);
    } catch (error) {
      return { written: 0, error };
    }
  }

  async look(): Promise<void> {
    try {
      if (this.#file === undefined) await this.#open();
      else await this.#look();
    } catch {
      // Told when there is something to write.
    }
  }

  /** @throws what the file system refuses; lines go on to the file that they went to then */
  async reopen(): Promise<void> {
    await this.#open();
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => {});
  }

  async #append(file: FileHandle, bytes: Buffer): Promise<Appended> {
    if (this.#isTorn) {
      // So that the half of a line is not taken for a part of the next.
      const { bytesWritten } = await file.write("\n");
      this.#isTorn = bytesWritten === 0;
      if (this.#isTorn) return { written: 0 };
    }
    try {
      const { bytesWritten } = await file.write(bytes, 0, bytes.length);
      if (bytesWritten === bytes.length) return { written: bytesWritten };
      // Others may write before the rest of a line could be: it is written again as a whole.
      const whole = bytesWritten === 0 ? 0 : bytes.lastIndexOf(LINE_BREAK, bytesWritten - 1) + 1;
      this.#isTorn = whole < bytesWritten;
      return { written: whole };
    } catch (error) {
      // What is wrong may be wrong with this opening of it.
      if (!isFull(error)) await this.close();
      throw error;
    }
  }

  /** Goes over to another file when another one, or none, has the name by now. */
  async #look(): Promise<void> {
    const there = await stat(this.#path, { bigint: true }).catch(() => undefined);
    if (there !== undefined && identityOf(there) === this.#identity) {
      this.#lookedMs = performance.now();
      return;
    }
    await this.#open();
  }

  async #open(): Promise<FileHandle> {
    await mkdir(dirname(this.#path), { recursive: true, mode: DIR_MODE });
    const file = await open(this.#path, FLAGS, FILE_MODE);
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) {
      await file.close();
      throw notAFile(this.#path);
    }
    const before = this.#file;
    this.#file = file;
    if (identityOf(stats) !== this.#identity) this.#isTorn = false;
    this.#identity = identityOf(stats);
    this.#lookedMs = performance.now();
    // Nobody waits for it: nothing is written there any more.
    void before?.close().catch(() => {});
    return file;
  }
}

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): Identity {
  return `${dev}:${ino}`;
}

function isFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT";
}
