import type { Readable } from "node:stream";
import type { KeptLine, KeptOutput, OutputKeeper, OutputSource, OutputStream } from "@elpis/api";
import { OutputFile } from "../survive/output-file.ts";
import { INSPECTOR_CHATTER } from "../watch/diagnosis/inspector-lines.ts";
import { LinePump, type LineSink } from "./line-pump.ts";
import { Tail } from "./lines.ts";

/** One line that a process wrote. */
export type OutputLine = KeptLine;

/** Takes a line of the process with that pid; see {@link LineSink}. */
export type OutputSink = (stream: OutputStream, text: string, pid: number) => void | Promise<void>;

/** Where what one process writes comes from; null: it does not. */
export interface OutputStreams {
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
}

/** What one process writes. */
export interface Reading {
  /** The process is gone; resolves when all that it wrote was handed over. */
  finish(): Promise<void>;
  /** Reads no more, as soon as nobody is waited for who is still to take a line. */
  giveUp(): void;
}

/** How often it is looked whether lines are still to be taken. */
const GIVE_UP_LOOK_MS = 1000;
const HEAP_EXHAUSTED = /JavaScript heap out of memory|Reached heap limit/;
/** What has to be heard here, whoever keeps the output: that, and what Node says of its inspector. */
const DIVERT = new RegExp(`${HEAP_EXHAUSTED.source}|${INSPECTOR_CHATTER.source}`);

/** Reads what the processes of one instance write, one after another. */
export class OutputReader {
  readonly #onLine: OutputSink;
  readonly #isOurs: (stream: OutputStream, text: string) => boolean;
  /** Whose last lines are those of the latest process. */
  #latest: Tail | KeptOutput = new Tail();
  #heapExhausted = false;

  /** @param isOurs whether a line is there only because of us, so that nobody needs to see it */
  constructor(
    onLine: OutputSink,
    isOurs: (stream: OutputStream, text: string) => boolean = () => false,
  ) {
    this.#onLine = onLine;
    this.#isOurs = isOurs;
  }

  /** The last lines of the latest process. */
  get lastLines(): readonly string[] {
    const latest = this.#latest;
    return "lines" in latest ? latest.lines : latest.lastLines;
  }

  /** Whether the latest process said that its heap is exhausted. */
  get heapExhausted(): boolean {
    return this.#heapExhausted;
  }

  /** Where the next process writes to, when somebody else keeps it; undefined: it is read here. */
  keptBy(
    keeper: OutputKeeper | undefined,
    source: Pick<OutputSource, "process" | "index" | "epoch">,
  ): KeptOutput | undefined {
    const kept = keeper?.open({
      ...source,
      divert: DIVERT,
      onDiverted: (stream, text) => {
        if (kept === this.#latest) this.#hear(stream, text);
        return this.#isOurs(stream, text);
      },
    });
    return kept;
  }

  /** Turns to a new process. */
  read(from: OutputStreams | KeptOutput, pid: number): Reading {
    this.#heapExhausted = false;
    if (!("ended" in from)) return this.#readStreams(from, pid);
    this.#latest = from;
    from.started(pid);
    return { finish: () => from.ended(), giveUp: () => {} };
  }

  #readStreams({ stdout, stderr }: OutputStreams, pid: number): Reading {
    const tail = new Tail();
    this.#latest = tail;
    const pumps = Object.entries({ stdout, stderr }).flatMap(([name, stream]) => {
      const sink = (text: string) => this.#take(name as OutputStream, text, pid, tail);
      return stream === null ? [] : [{ stream, pump: pumpOf(stream, sink) }];
    });
    const giveUp = (): void => {
      for (const { stream, pump } of pumps) if (!pump.isWaiting) stream.destroy();
      if (pumps.some(({ stream }) => !stream.destroyed))
        setTimeout(giveUp, GIVE_UP_LOOK_MS).unref();
    };
    const done = Promise.all(pumps.map(({ pump }) => pump.done)).then(() => {});
    return { finish: () => done, giveUp };
  }

  #take(stream: OutputStream, text: string, pid: number, tail: Tail): void | Promise<void> {
    tail.add(text);
    // The last words of an earlier process are not those of this one.
    if (tail === this.#latest) this.#hear(stream, text);
    return this.#isOurs(stream, text) ? undefined : this.#onLine(stream, text, pid);
  }

  #hear(stream: OutputStream, text: string): void {
    if (stream === "stderr" && HEAP_EXHAUSTED.test(text)) this.#heapExhausted = true;
  }
}

/** A file is told how far its lines were taken, and goes when that is all of them. */
function pumpOf(stream: Readable, sink: LineSink): LinePump {
  if (!(stream instanceof OutputFile)) return new LinePump(stream, sink);
  const pump = new LinePump(stream, sink, (bytes) => stream.noteTaken(bytes));
  void pump.done.then(() => stream.destroy());
  return pump;
}
