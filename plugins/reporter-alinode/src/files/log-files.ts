import { constants, type FileHandle, mkdir, open, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { dayOf } from "../records/times.ts";
import { chunksOf, writeWhole } from "./chunks.ts";

/** Beginnings of the names of files. The last is ours; the collector is told of it by its option `error_log`. */
export type FileKind = "node" | "access" | "tracing" | "elpis-error";

const DAY_MS = 86_400_000;
/** The collector removes the others after so many days, but not the errors. */
const KEEP_DAYS = 7;
const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW = 0 } = constants;

/** Files of a day each, which others write to as well: what is there is never touched. */
export class LogFiles {
  readonly #dir: string;
  #day = "";
  /** Files whose last line may not be whole. */
  readonly #torn = new Set<string>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** @throws what the file system says */
  async prepare(): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
  }

  /**
   * Adds entries, each of whole lines, with one write for many of them, so that nobody's line comes between. The day is that of `now`,
   * here.
   *
   * @throws what the file system says
   */
  async append(kind: FileKind, entries: readonly string[], now: number): Promise<void> {
    if (entries.length === 0) return;
    const day = dayOf(now);
    if (day !== this.#day) await this.#clean(now);
    this.#day = day;
    const name = `${kind}-${day}.log`;
    const file = await this.#open(name);
    try {
      for (const [at, bytes] of chunksOf(entries).entries()) {
        const isTorn = at === 0 && this.#torn.delete(name);
        const whole = isTorn ? Buffer.concat([Buffer.from("\n"), bytes]) : bytes;
        await writeWhole(file, whole).catch((error: unknown) => {
          this.#torn.add(name);
          throw error;
        });
      }
    } finally {
      await file.close();
    }
  }

  /** Whoever cleans up folders may have removed ours. */
  async #open(name: string): Promise<FileHandle> {
    // A folder for temporary files is open to all: a link that waits there is not followed.
    const flags = O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW;
    const path = join(this.#dir, name);
    try {
      return await open(path, flags, 0o644);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      await this.prepare();
      return await open(path, flags, 0o644);
    }
  }

  async #clean(now: number): Promise<void> {
    const oldest = dayOf(now - KEEP_DAYS * DAY_MS);
    for (const name of await readdir(this.#dir).catch(() => [])) {
      const [, day] = /^elpis-error-(\d{8})\.log$/.exec(name) ?? [];
      if (day !== undefined && day < oldest) {
        await unlink(join(this.#dir, name)).catch(() => {});
      }
    }
  }
}
