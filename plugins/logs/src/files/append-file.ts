import {
  close as closeFd,
  fstat,
  ftruncate,
  mkdir,
  open as openFd,
  read,
  type Stats,
  stat,
} from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import sonic from "sonic-boom";
import { isMissing } from "./aside.ts";

const { SonicBoom } = sonic;
const LINE_BREAK = 10;

/** Who may read the file, and the folders that are made for it. */
export interface FileModes {
  readonly fileMode: number;
  readonly dirMode: number;
}

/** How far a write got. */
export interface Appended {
  /** Bytes that are in the file. */
  readonly written: number;
  /** Why it got no further. */
  readonly error?: unknown;
}

/** An open file that is appended to, one write at a time. */
export class AppendFile {
  readonly #fd: number;
  readonly #sonic: InstanceType<typeof SonicBoom>;
  #written = 0;
  #settle: (error?: unknown) => void = () => {};
  /** As it was when it was opened. */
  readonly opened: Stats;

  private constructor(fd: number, opened: Stats) {
    this.#fd = fd;
    this.opened = opened;
    this.#sonic = new SonicBoom({ fd, contentMode: "buffer" });
    this.#sonic.on("write", (bytes: number) => {
      this.#written += bytes;
    });
    this.#sonic.on("drain", () => this.#settle());
    this.#sonic.on("error", (error: unknown) => this.#settle(error));
    this.#sonic.on("close", () => this.#settle());
  }

  /** Opens a file, and makes it and its folder when they are not there. */
  static async open(path: string, { fileMode, dirMode }: FileModes): Promise<AppendFile> {
    await promisify(mkdir)(dirname(path), { recursive: true, mode: dirMode });
    // To read its end, too; what is not on a disk may not like that.
    const flags = (await isOnDisk(path)) ? "a+" : "a";
    const fd = await promisify(openFd)(path, flags, fileMode);
    try {
      return new AppendFile(fd, await promisify(fstat)(fd));
    } catch (error) {
      await promisify(closeFd)(fd);
      throw error;
    }
  }

  /** Whether it is a file that can be measured, put aside and cut. */
  get isRegular(): boolean {
    return this.opened.isFile();
  }

  /** Never throws. */
  append(bytes: Buffer): Promise<Appended> {
    this.#written = 0;
    return new Promise((resolve) => {
      this.#settle = (error) => {
        const written = this.#written;
        resolve(error === undefined ? { written } : { written, error });
      };
      // In this mode it takes bytes, which its types do not say.
      this.#sonic.write(bytes as unknown as string);
    });
  }

  /** Whether the last line has its end. */
  async endsLine(): Promise<boolean> {
    const { size } = this.opened;
    if (!this.isRegular || size === 0) return true;
    return (await this.readAt(size - 1, 1))[0] === LINE_BREAK;
  }

  async readAt(position: number, length: number): Promise<Buffer> {
    const { bytesRead, buffer } = await promisify(read)(this.#fd, {
      buffer: Buffer.alloc(length),
      position,
    });
    return buffer.subarray(0, bytesRead);
  }

  stats(): Promise<Stats> {
    return promisify(fstat)(this.#fd);
  }

  truncate(size: number): Promise<void> {
    return promisify(ftruncate)(this.#fd, size);
  }

  /** Never throws: there is nothing that could be done about it. Nothing may be under way. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#settle = () => resolve();
      // Not `end`: what it has not written is ours to write again.
      this.#sonic.destroy();
    });
  }
}

async function isOnDisk(path: string): Promise<boolean> {
  try {
    return (await promisify(stat)(path)).isFile();
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
}
