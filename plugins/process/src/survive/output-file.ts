import { execFile } from "node:child_process";
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { Readable } from "node:stream";

const CHUNK_BYTES = 64 * 1024;
/** How much that was read may lie in the file before it is given back to the system. */
const MAX_READ_BYTES = 8 * 1024 * 1024;
/** Where it can only be emptied, it must have been quiet for so long: what is written meanwhile would be lost. */
const QUIET_MS = 1000;
const AT_BYTES = 16;

/**
 * What one process writes to one stream, in a file that outlives whoever reads it. How far the lines were taken is written
 * down beside it with each of them, so that the next master goes on there.
 */
export class OutputFile extends Readable {
  readonly #path: string;
  readonly #fd: number;
  readonly #atFd: number;
  #base: number;
  #position: number;
  #taken: number;
  #freed: number;
  #isWanted = false;
  #hasEnded = false;
  #isFreeing = false;
  #canFree = process.platform === "linux";

  constructor(path: string) {
    // Whoever takes the lines says when it has all of them: only then the file may go.
    super({ highWaterMark: CHUNK_BYTES, autoDestroy: false });
    this.#path = path;
    this.#fd = openSync(path, "a+", 0o600);
    this.#atFd = openSync(`${path}.at`, "a+", 0o600);
    closeSync(this.#atFd);
    this.#atFd = openSync(`${path}.at`, "r+");
    const at = Number.parseInt(readFileSync(`${path}.at`, "latin1"), 10) || 0;
    // One that was emptied in the moment of a master's death is read from its beginning.
    this.#base = at <= fstatSync(this.#fd).size ? at : 0;
    this.#position = this.#base;
    this.#taken = this.#base;
    this.#freed = this.#base;
  }

  /** What the process is given. */
  get writeFd(): number {
    return this.#fd;
  }

  /** There may be more to read. */
  nudge(): void {
    if (this.#isWanted) this.#pull();
  }

  /** The process is gone: what is there is all there will be. */
  finish(): void {
    this.#hasEnded = true;
    this.nudge();
  }

  /** So many bytes, since this began to read, are lines that were taken. */
  noteTaken(bytes: number): void {
    if (this.destroyed) return;
    this.#taken = this.#base + bytes;
    this.#writeAt(this.#taken);
    if (this.#taken - this.#freed > MAX_READ_BYTES) this.#free();
  }

  /** Where parts of a file cannot be given back: empties it when all is read and nobody has written for a while. */
  tidy(): void {
    if (this.destroyed || this.#canFree || this.#taken < MAX_READ_BYTES) return;
    const { size, mtimeMs } = fstatSync(this.#fd);
    if (size !== this.#taken || this.#position !== size || Date.now() - mtimeMs < QUIET_MS) return;
    ftruncateSync(this.#fd, 0);
    this.#writeAt(0);
    // Lines are counted from where this began.
    this.#base -= this.#taken;
    this.#position = 0;
    this.#taken = 0;
  }

  override _read(): void {
    this.#isWanted = true;
    this.#pull();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    closeSync(this.#fd);
    closeSync(this.#atFd);
    if (this.#hasEnded) this.#remove();
    done(error);
  }

  #pull(): void {
    if (this.destroyed) return;
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let size: number;
    try {
      size = readSync(this.#fd, chunk, 0, CHUNK_BYTES, this.#position);
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    if (size === 0 && !this.#hasEnded) return;
    this.#isWanted = false;
    this.#position += size;
    this.push(size === 0 ? null : chunk.subarray(0, size));
  }

  #writeAt(at: number): void {
    try {
      writeSync(this.#atFd, String(at).padStart(AT_BYTES), 0, "latin1");
    } catch {
      // The disk is full: at worst the next master hands a line over once more.
    }
  }

  /** Gives back what was read without moving what follows, so that nothing is lost that is written meanwhile. */
  #free(): void {
    if (this.#isFreeing || !this.#canFree) return;
    this.#isFreeing = true;
    const upTo = this.#taken;
    const args = ["--punch-hole", "--offset", "0", "--length", String(upTo), this.#path];
    execFile("fallocate", args, (error) => {
      this.#isFreeing = false;
      if (error === null) this.#freed = upTo;
      // Not on this file system, or there is no such program.
      else this.#canFree = false;
    });
  }

  #remove(): void {
    rmSync(this.#path, { force: true });
    rmSync(`${this.#path}.at`, { force: true });
  }
}
