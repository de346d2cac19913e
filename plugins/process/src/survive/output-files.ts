import { type FSWatcher, mkdirSync, readdirSync, rmSync, watch } from "node:fs";
import { join, resolve } from "node:path";
import { OutputFile } from "./output-file.ts";

/** How often it is looked for what was written, where the system tells of it, and where it does not. */
const LOOK_MS = process.platform === "linux" ? 500 : 100;

/** What one process writes. */
export interface Streams {
  readonly stdout: OutputFile;
  readonly stderr: OutputFile;
}

/** The files that processes write to which outlive their master. */
export class OutputFiles {
  readonly #dir: string;
  readonly #open = new Map<string, OutputFile>();
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param dir runtime folder of the application */
  constructor(dir: string) {
    this.#dir = resolve(dir, "output");
  }

  /** @param keep whose files are kept, by name; the others are of processes that are gone */
  start(keep: ReadonlySet<string>): void {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    for (const file of readdirSync(this.#dir)) {
      const [, id = ""] = /^(.+)\.(?:stdout|stderr)(?:\.at)?$/.exec(file) ?? [];
      if (!keep.has(id)) rmSync(join(this.#dir, file), { force: true });
    }
    this.#watcher = this.#watch();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** The files of a process; they are removed when it is gone and they are read. */
  open(id: string): Streams {
    return { stdout: this.#openOne(`${id}.stdout`), stderr: this.#openOne(`${id}.stderr`) };
  }

  close(): void {
    this.#watcher?.close();
    clearInterval(this.#timer);
  }

  #openOne(name: string): OutputFile {
    const file = new OutputFile(join(this.#dir, name));
    this.#open.set(name, file);
    file.once("close", () => this.#open.delete(name));
    return file;
  }

  /** Undefined where the system has nothing to tell with: then the clock has to do. */
  #watch(): FSWatcher | undefined {
    try {
      const watcher = watch(this.#dir, { persistent: false }, (_, name) => {
        if (name !== null) this.#open.get(name)?.nudge();
      });
      return watcher.on("error", () => {});
    } catch {
      return undefined;
    }
  }

  #look(): void {
    for (const file of this.#open.values()) {
      file.nudge();
      file.tidy();
    }
  }
}

/** There was no process to write to them. */
export function discard({ stdout, stderr }: Streams): void {
  for (const file of [stdout, stderr]) {
    file.finish();
    file.destroy();
  }
}
