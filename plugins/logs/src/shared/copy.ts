import { fstatSync, ftruncateSync, renameSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { COPIED, TMP } from "../files/names.ts";

const CHUNK = 256 * 1024;

/**
 * A copy of a file that others write meanwhile. Nearly all of it is made while they do; they have to hold only for the
 * rest, and for the instant in which the file is emptied.
 */
export class GrowingCopy {
  readonly #from: FileHandle;
  readonly #to: FileHandle;
  readonly #tmp: string;
  #bytes = 0;

  private constructor(from: FileHandle, to: FileHandle, tmp: string) {
    this.#from = from;
    this.#to = to;
    this.#tmp = tmp;
  }

  /** Copies what is there now. @returns undefined when that is nothing */
  static async begin(path: string): Promise<GrowingCopy | undefined> {
    // With the name of what is half made: who recovers from a kill removes it.
    const tmp = `${path}.1${TMP}`;
    const from = await open(path, "r+");
    try {
      const { size, mode } = await from.stat();
      if (size > 0) return await GrowingCopy.#copyOf(from, tmp, mode & 0o777);
    } catch (error) {
      await from.close();
      throw error;
    }
    await from.close();
    return undefined;
  }

  static async #copyOf(from: FileHandle, tmp: string, mode: number): Promise<GrowingCopy> {
    await rm(tmp, { force: true });
    const to = await open(tmp, "wx", mode);
    const copy = new GrowingCopy(from, to, tmp);
    try {
      // What is large is on the disk before anybody has to wait.
      await copy.catchUp();
      return copy;
    } catch (error) {
      await to.close();
      await rm(tmp, { force: true });
      throw error;
    }
  }

  /** Copies what has come since, and forces it to the disk. */
  async catchUp(): Promise<void> {
    await this.#copyRest();
    await this.#to.datasync();
  }

  async #copyRest(): Promise<void> {
    const chunk = Buffer.alloc(CHUNK);
    for (;;) {
      const { bytesRead } = await this.#from.read(chunk, 0, CHUNK, this.#bytes);
      if (bytesRead === 0) return;
      for (let at = 0; at < bytesRead; ) {
        at += (await this.#to.write(chunk, at, bytesRead - at, this.#bytes + at)).bytesWritten;
      }
      this.#bytes += bytesRead;
    }
  }

  /**
   * Empties the file if nothing has come that is not copied, and gives the copy its name. All in one turn: nobody can
   * come in between but the writers, which hold.
   *
   * @param mayEmpty asked in the last instant
   * @returns whether it did
   */
  emptyNow(target: string, mayEmpty: () => boolean): boolean {
    // Until it is empty the copy has the name that `recover` knows: after a kill no line is there twice.
    renameSync(this.#tmp, `${target}${COPIED}`);
    if (!mayEmpty() || fstatSync(this.#from.fd).size !== this.#bytes) {
      renameSync(`${target}${COPIED}`, this.#tmp);
      return false;
    }
    ftruncateSync(this.#from.fd, 0);
    renameSync(`${target}${COPIED}`, target);
    return true;
  }

  /** Closes both files; a copy that did not get its name is removed. */
  async end(): Promise<void> {
    await this.#from.close();
    await this.#to.close();
    await rm(this.#tmp, { force: true });
  }
}
