import { createWriteStream, type WriteStream } from "node:fs";
import { readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensurePrivateDir } from "@elpis/core/internal";

/** What a file is about. */
export interface ReportSubject {
  readonly kind: "hung" | "cpu-profile" | "heap-snapshot" | "report";
  readonly process: string;
  readonly index: number;
  readonly pid: number;
}

/** How many files of one kind are kept; the oldest go. */
const KEPT = 20;
const ENDINGS = {
  hung: ".json",
  report: ".json",
  "cpu-profile": ".cpuprofile",
  "heap-snapshot": ".heapsnapshot",
} as const;

/** A folder for what was found out about processes. Nobody but this user can read what is in it. */
export class ReportFolder {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * Writes a whole file and resolves with its path.
   *
   * @throws ELPIS_HUB_UNSAFE_DIR when others may enter the folder
   */
  async write(subject: ReportSubject, text: string): Promise<string> {
    const file = this.#prepare(subject);
    await writeFile(`${file}.part`, text, { mode: 0o600, flag: "wx" });
    await this.#finish(subject, file);
    return file;
  }

  /** Opens a file to be written bit by bit; it has its name only once `done` was called. */
  open(subject: ReportSubject): {
    readonly stream: WriteStream;
    done(): Promise<string>;
    drop(): Promise<void>;
  } {
    const file = this.#prepare(subject);
    const stream = createWriteStream(`${file}.part`, { mode: 0o600, flags: "wx" });
    return {
      stream,
      done: async () => {
        await this.#finish(subject, file);
        return file;
      },
      drop: () => rm(`${file}.part`, { force: true }),
    };
  }

  #prepare(subject: ReportSubject): string {
    ensurePrivateDir(this.#dir);
    const { kind, process: name, index, pid } = subject;
    const time = new Date().toISOString().replaceAll(/[-:.]/g, "");
    return join(this.#dir, `${kind}-${name}.${index}-${pid}-${time}${ENDINGS[kind]}`);
  }

  async #finish({ kind }: ReportSubject, file: string): Promise<void> {
    await rename(`${file}.part`, file);
    const names = await readdir(this.#dir);
    const files = names
      .filter((name) => name.startsWith(`${kind}-`))
      .map((n) => join(this.#dir, n));
    const dated = await Promise.all(files.map(async (path) => ({ path, at: await timeOf(path) })));
    dated.sort((a, b) => b.at - a.at);
    await Promise.all(dated.slice(KEPT).map(({ path }) => rm(path, { force: true })));
  }
}

async function timeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    // Another one has removed it in between.
    return 0;
  }
}
