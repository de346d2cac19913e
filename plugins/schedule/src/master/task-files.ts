import { mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@elpis/api";
import { stateUnusable } from "../errors.ts";
import { FORMAT, type SavedTask } from "../machine/saved-task.ts";
import { writeAtomically } from "./atomic-file.ts";

const RETRY_MS = 1000;
const SUFFIX = ".task.json";

/** What is written down of one task. */
interface Slot {
  last: Promise<void>;
  /** A write that has not begun: it will hold whatever is so by then. */
  waiting: Promise<void> | undefined;
}

/** Keeps one file for each task, for the next master. */
export class TaskFiles {
  readonly #dir: string | undefined;
  readonly #log: Logger;
  readonly #savedOf: (task: string) => SavedTask | undefined;
  readonly #slots = new Map<string, Slot>();
  #failures = 0;
  /** Tasks that could not be written down. */
  readonly #unsaved = new Set<string>();
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param savedOf what is so now of a task; undefined: it is forgotten */
  constructor(
    dir: string | undefined,
    savedOf: (task: string) => SavedTask | undefined,
    log: Logger,
  ) {
    this.#dir = dir;
    this.#savedOf = savedOf;
    this.#log = log;
  }

  /** Resolves when that task is written down as it is now, or that could not be done: that is told in the log. */
  save(task: string): Promise<void> {
    if (this.#dir === undefined) return Promise.resolve();
    const slot = this.#slots.get(task) ?? { last: Promise.resolve(), waiting: undefined };
    this.#slots.set(task, slot);
    slot.waiting ??= slot.last.then(() => {
      slot.waiting = undefined;
      slot.last = this.#write(task, this.#dir as string);
      return slot.last;
    });
    return slot.waiting;
  }

  /** Tries once more what could not be written down. When it resolves nothing is being written, nor will be. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    for (const task of this.#unsaved) void this.save(task);
    await Promise.all([...this.#slots.values()].map(({ last, waiting }) => waiting ?? last));
  }

  async #write(task: string, dir: string): Promise<void> {
    const file = join(dir, fileName(task));
    try {
      const saved = this.#savedOf(task);
      if (saved === undefined) await rm(file, { force: true });
      else await writeAtomically(file, `${JSON.stringify(saved)}\n`);
      if (this.#failures > 0) this.#log.info("the state of tasks can be written down again");
      this.#failures = 0;
      this.#unsaved.delete(task);
    } catch (error) {
      // Tasks go on: one of them may be what makes room on the disk.
      this.#failures += 1;
      const fields = { task, error: String(error) };
      if (this.#failures === 1)
        this.#log.error("the state of tasks cannot be written down", fields);
      this.#unsaved.add(task);
      this.#tryAgain();
    }
  }

  #tryAgain(): void {
    if (this.#isClosed) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      for (const task of this.#unsaved) void this.save(task);
    }, RETRY_MS).unref();
  }
}

/**
 * What the master before has written down. A file that makes no sense is put aside.
 *
 * @throws ELPIS_SCHEDULE_STATE
 */
export function readTaskFiles(dir: string | undefined, log: Logger): SavedTask[] {
  if (dir === undefined) return [];
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const names = readdirSync(dir).filter((name) => name.endsWith(SUFFIX));
    return names.flatMap((name) => {
      const file = join(dir, name);
      const saved = parse(readFileSync(file, "utf8"));
      if (saved !== undefined) return [saved];
      renameSync(file, `${file}.bad`);
      log.error("the state of a task makes no sense, it is put aside", { file: `${file}.bad` });
      return [];
    });
  } catch (error) {
    throw stateUnusable(dir, error);
  }
}

function parse(text: string): SavedTask | undefined {
  try {
    const saved = JSON.parse(text) as Partial<SavedTask> | null;
    const isWhole =
      saved?.format === FORMAT &&
      typeof saved.name === "string" &&
      typeof saved.options === "object" &&
      Array.isArray(saved.works);
    return isWhole ? (saved as SavedTask) : undefined;
  } catch {
    return undefined;
  }
}

/** Two names that differ in capitals only are two files everywhere. */
function fileName(task: string): string {
  return `${task.replace(/[A-Z]/g, (letter) => `+${letter.toLowerCase()}`)}${SUFFIX}`;
}
