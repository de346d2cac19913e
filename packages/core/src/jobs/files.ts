import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { checkPrivateDir } from "../local/runtime-dir.ts";

const isWindows = process.platform === "win32";

/** A file of the journal. Positions and sizes are in bytes. */
export interface JournalFile {
  readonly path: string;
  size(): Promise<number>;
  /** Fills `bytes` from `at`; how many there were. */
  read(bytes: Uint8Array, at: number): Promise<number>;
  /** Writes all of `bytes`, or rejects. */
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** Resolves when what was written will survive a loss of power. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** The disk, as far as the journal uses it. */
export interface JournalFiles {
  /** Makes sure that there is a folder that only this user can enter. @throws ELPIS_HUB_UNSAFE_DIR */
  makeDir(dir: string): Promise<void>;
  list(dir: string): Promise<string[]>;
  /** Opens a file, which is made, for this user alone, when it is not there. */
  open(path: string): Promise<JournalFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Resolves when files that were made, renamed or removed will be so after a loss of power. */
  syncDir(dir: string): Promise<void>;
}

export const diskFiles: JournalFiles = {
  async makeDir(dir) {
    const made = await mkdir(dir, { recursive: true, mode: 0o700 });
    checkPrivateDir(dir);
    if (made !== undefined) await diskFiles.syncDir(dirname(dir));
  },
  list: (dir) => readdir(dir),
  async open(path) {
    return new DiskFile(path, await open(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  },
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  async syncDir(dir) {
    // Windows has no such thing for folders.
    if (isWindows) return;
    const handle = await open(dir, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

class DiskFile implements JournalFile {
  readonly path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async read(bytes: Uint8Array, at: number): Promise<number> {
    let done = 0;
    while (done < bytes.length) {
      const { bytesRead } = await this.#handle.read(bytes, done, bytes.length - done, at + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async write(bytes: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const left = bytes.length - done;
      const { bytesWritten } = await this.#handle.write(bytes, done, left, at + done);
      done += bytesWritten;
    }
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
