import { relative, sep } from "node:path";
import { type FSWatcher, watch } from "chokidar";

const IGNORED = /^(node_modules|logs|dist([-_.].*)?|\..*)$/;

/** Whether a path below the watched directory does not matter: dependencies, dotfiles, builds, logs. */
export function isIgnored(dir: string, path: string): boolean {
  const below = relative(dir, path);
  if (below === "" || below.startsWith("..")) return false;
  return below.split(sep).some((part) => IGNORED.test(part));
}

/** Gathers the files that changed, so that saving ten of them is one restart. */
export interface Changes {
  /** The next bunch; `undefined` once it is closed. */
  next(): Promise<readonly string[] | undefined>;
  close(): Promise<void>;
}

/** Watches a directory, from when it resolves on. A bunch is complete when nothing has changed for `debounceMs`. */
export async function watchChanges(dir: string, debounceMs = 100): Promise<Changes> {
  const watcher: FSWatcher = watch(dir, {
    ignored: (path) => isIgnored(dir, path),
    ignoreInitial: true,
  });
  const queue = new ChangeQueue(debounceMs);
  watcher.on("all", (event, path) => {
    if (event === "add" || event === "change" || event === "unlink") queue.add(path);
  });
  // A directory that cannot be read is no reason to stop watching the others.
  watcher.on("error", () => {});
  await new Promise<void>((resolve) => {
    watcher.once("ready", resolve);
  });
  return {
    next: () => queue.next(),
    close: async () => {
      queue.close();
      await watcher.close();
    },
  };
}

/** The waiting part of {@link watchChanges}. */
class ChangeQueue {
  readonly #debounceMs: number;
  readonly #files = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #isDue = false;
  #isClosed = false;
  #wake: (() => void) | undefined;

  constructor(debounceMs: number) {
    this.#debounceMs = debounceMs;
  }

  add(file: string): void {
    if (this.#isClosed) return;
    this.#files.add(file);
    this.#isDue = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isDue = true;
      this.#wake?.();
    }, this.#debounceMs);
  }

  async next(): Promise<readonly string[] | undefined> {
    while (!this.#isDue && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#isClosed) return undefined;
    const files = [...this.#files];
    this.#files.clear();
    this.#isDue = false;
    return files;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#wake?.();
  }
}
