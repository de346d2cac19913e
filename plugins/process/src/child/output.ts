import type { Readable } from "node:stream";
import { OutputFile } from "../survive/output-file.ts";
import { LinePump, type LineSink } from "./line-pump.ts";
import { Tail } from "./lines.ts";

/** One line that a process wrote. */
export interface OutputLine {
  /** In milliseconds since 1970. */
  readonly time: number;
  /** Name of the process. */
  readonly process: string;
  readonly index: number;
  readonly pid: number;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** Takes a line of the process with that pid; see {@link LineSink}. */
export type OutputSink = (
  stream: OutputLine["stream"],
  text: string,
  pid: number,
) => void | Promise<void>;

/** Where what one process writes comes from; null: it does not. */
export interface OutputStreams {
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
}

/** What one process writes. */
export interface Reading {
  /** Resolves when all of it was handed over. */
  readonly done: Promise<void>;
  /** Reads no more, as soon as nobody is waited for who is still to take a line. */
  giveUp(): void;
}

/** How often it is looked whether lines are still to be taken. */
const GIVE_UP_LOOK_MS = 1000;
const HEAP_EXHAUSTED = /JavaScript heap out of memory|Reached heap limit/;

/** Reads what the processes of one instance write, one after another. */
export class OutputReader {
  readonly #onLine: OutputSink;
  #tail = new Tail();
  #heapExhausted = false;

  constructor(onLine: OutputSink) {
    this.#onLine = onLine;
  }

  /** The last lines of the latest process. */
  get lastLines(): readonly string[] {
    return this.#tail.lines;
  }

  /** Whether the latest process said that its heap is exhausted. */
  get heapExhausted(): boolean {
    return this.#heapExhausted;
  }

  /** Turns to a new process. */
  read({ stdout, stderr }: OutputStreams, pid: number): Reading {
    const tail = new Tail();
    this.#tail = tail;
    this.#heapExhausted = false;
    const pumps = Object.entries({ stdout, stderr }).flatMap(([name, stream]) => {
      const sink = (text: string) => this.#take(name as OutputLine["stream"], text, pid, tail);
      return stream === null ? [] : [{ stream, pump: pumpOf(stream, sink) }];
    });
    const giveUp = (): void => {
      for (const { stream, pump } of pumps) if (!pump.isWaiting) stream.destroy();
      if (pumps.some(({ stream }) => !stream.destroyed))
        setTimeout(giveUp, GIVE_UP_LOOK_MS).unref();
    };
    return { done: Promise.all(pumps.map(({ pump }) => pump.done)).then(() => {}), giveUp };
  }

  #take(stream: OutputLine["stream"], text: string, pid: number, tail: Tail): void | Promise<void> {
    tail.add(text);
    // The last words of an earlier process are not those of this one.
    const isLatest = tail === this.#tail;
    if (isLatest && stream === "stderr" && HEAP_EXHAUSTED.test(text)) this.#heapExhausted = true;
    return this.#onLine(stream, text, pid);
  }
}

/** A file is told how far its lines were taken, and goes when that is all of them. */
function pumpOf(stream: Readable, sink: LineSink): LinePump {
  if (!(stream instanceof OutputFile)) return new LinePump(stream, sink);
  const pump = new LinePump(stream, sink, (bytes) => stream.noteTaken(bytes));
  void pump.done.then(() => stream.destroy());
  return pump;
}
