import { constants, mkdir, open, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { dayOf } from "../records/times.ts";

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

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** @throws what the file system says */
  async prepare(): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
  }

  /** Adds whole lines at once, so that nobody's line comes between. The day is that of `now`, here. */
  async append(kind: FileKind, text: string, now: number): Promise<void> {
    if (text === "") return;
    const day = dayOf(now);
    if (day !== this.#day) await this.#clean(now);
    this.#day = day;
    // A folder for temporary files is open to all: a link that waits there is not followed.
    const flags = O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW;
    const file = await open(join(this.#dir, `${kind}-${day}.log`), flags, 0o644);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
  }

  async #clean(now: number): Promise<void> {
    const oldest = dayOf(now - KEEP_DAYS * DAY_MS);
    for (const name of await readdir(this.#dir)) {
      const [, day] = /^elpis-error-(\d{8})\.log$/.exec(name) ?? [];
      if (day !== undefined && day < oldest) {
        await unlink(join(this.#dir, name)).catch(() => {});
      }
    }
  }
}
