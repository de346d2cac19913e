import type { ChildProcess } from "node:child_process";
import { LineSplitter, Tail } from "./lines.ts";

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

const HEAP_EXHAUSTED = /JavaScript heap out of memory|Reached heap limit/;

/** Reads what the processes of one instance write, one after another. */
export class OutputReader {
  readonly #tail = new Tail();
  readonly #onLine: (stream: OutputLine["stream"], text: string, pid: number) => void;
  #heapExhausted = false;

  constructor(onLine: (stream: OutputLine["stream"], text: string, pid: number) => void) {
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
  read(child: ChildProcess, pid: number): void {
    this.#tail.clear();
    this.#heapExhausted = false;
    for (const stream of ["stdout", "stderr"] as const) {
      const splitter = new LineSplitter((text) => this.#take(stream, text, pid));
      child[stream]?.on("data", (chunk: Buffer) => splitter.write(chunk));
      child[stream]?.once("end", () => splitter.end());
      // A pipe that breaks ends; what matters is the exit of the process.
      child[stream]?.on("error", () => splitter.end());
    }
  }

  #take(stream: OutputLine["stream"], text: string, pid: number): void {
    this.#tail.add(text);
    if (stream === "stderr" && HEAP_EXHAUSTED.test(text)) this.#heapExhausted = true;
    this.#onLine(stream, text, pid);
  }
}
