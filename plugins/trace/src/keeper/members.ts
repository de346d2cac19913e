import type { PointSource } from "@elpis/api";
import type { Moment, Source } from "./contract.ts";

/** Batches that may be under way at once, or told again after later ones. */
const REMEMBERED_BATCHES = 64;
const MAX_PROCESSES = 2048;

/** A process whose spans have come. */
export class Process {
  readonly source: Source;
  /** What stands in its spans. */
  readonly point: PointSource;
  /** Such as `web.0`. */
  readonly label: string;
  /** When it ended; undefined: it lives, as far as is known. */
  goneAt: Moment | undefined;
  readonly #batches = new Set<number>();

  constructor({ app, name, index, epoch, pid }: Source) {
    this.source = { app, name, index, epoch, pid };
    this.point = { app, name, index, epoch };
    this.label = `${name}.${index}`;
  }

  /** Whether a batch was there already; it counts as taken from now on. */
  isRepeated(seq: number): boolean {
    const batches = this.#batches;
    if (batches.has(seq)) return true;
    batches.add(seq);
    if (batches.size > REMEMBERED_BATCHES) {
      for (const oldest of batches) {
        batches.delete(oldest);
        break;
      }
    }
    return false;
  }
}

/** The processes that tell of spans, and which of them have ended. */
export class Members {
  readonly #processes = new Map<string, Process>();
  /** When a process of a label ended last. */
  readonly #ended = new Map<string, Moment>();

  of(source: Source): Process {
    const key = keyOf(source);
    const known = this.#processes.get(key);
    if (known !== undefined) return known;
    const process = new Process(source);
    this.#processes.set(key, process);
    if (this.#processes.size > MAX_PROCESSES) this.#forgetOne();
    return process;
  }

  /** A process has ended: what it has not told to be over never will be, but for what is under way. */
  gone(source: Source, at: Moment): void {
    const process = this.of(source);
    process.goneAt ??= at;
    this.#ended.delete(process.label);
    this.#ended.set(process.label, at);
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= MAX_PROCESSES) break;
      this.#ended.delete(oldest);
    }
  }

  /** A process is there: only its connection was lost, if it was said to have ended. */
  here(source: Source): void {
    const process = this.#processes.get(keyOf(source));
    if (process?.goneAt === undefined) return;
    if (this.#ended.get(process.label) === process.goneAt) this.#ended.delete(process.label);
    process.goneAt = undefined;
  }

  /** When a process of this label ended that may have lived at a time. @param time in milliseconds since 1970 */
  endedAfter(label: string, time: number): Moment | undefined {
    const ended = this.#ended.get(label);
    return ended !== undefined && ended.time >= time ? ended : undefined;
  }

  /** The one that was heard of first, if it can be one that has ended. */
  #forgetOne(): void {
    let oldest: string | undefined;
    for (const [key, { goneAt }] of this.#processes) {
      oldest ??= key;
      if (goneAt === undefined) continue;
      oldest = key;
      break;
    }
    if (oldest !== undefined) this.#processes.delete(oldest);
  }
}

function keyOf({ app, name, index, epoch, pid }: Source): string {
  return JSON.stringify([app, name, index, epoch, pid]);
}
