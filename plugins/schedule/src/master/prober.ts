import { readFileSync } from "node:fs";
import type { Identity } from "../machine/work.ts";

const LOOK_MS = 25;

/** Looks when processes are gone that have lost their link: as long as one is there, it may be at work. */
export class Prober {
  readonly #watched = new Map<string, { readonly identity: Identity; readonly untilMs: number }>();
  readonly #foreign = new Set<number>();
  readonly #patienceMs: number;
  readonly #onGone: (identity: Identity) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param patienceMs how long it is looked: after that nobody has to know any more */
  constructor(patienceMs: number, onGone: (identity: Identity) => void) {
    this.#patienceMs = patienceMs;
    this.#onGone = onGone;
  }

  /** A process has said that it is there. One that cannot be seen by its number lives in another world of numbers. */
  meet(pid: number): void {
    if (isGone(pid)) this.#foreign.add(pid);
    else this.#foreign.delete(pid);
  }

  /** From now on it is looked whether that process is gone. */
  watch(identity: Identity): void {
    if (identity.pid <= 0 || this.#foreign.has(identity.pid)) return;
    const untilMs = performance.now() + this.#patienceMs;
    this.#watched.set(JSON.stringify(identity), { identity, untilMs });
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
    // By its own turn: whoever asks is in the middle of something.
    setImmediate(() => this.#look());
  }

  close(): void {
    this.#watched.clear();
    this.#rest();
  }

  #look(): void {
    for (const [key, { identity, untilMs }] of this.#watched) {
      const isOver = isGone(identity.pid);
      if (!isOver && performance.now() < untilMs) continue;
      this.#watched.delete(key);
      if (isOver) this.#onGone(identity);
    }
    this.#rest();
  }

  #rest(): void {
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Whether no process has that number; one that has ended, and was not yet asked how, counts as gone. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  if (process.platform !== "linux") return false;
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
