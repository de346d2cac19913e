import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import type { OutputStream } from "@elpis/api";
import { FloodGate } from "./flood-gate.ts";
import { LastLines } from "./last-lines.ts";
import { LineCutter, type Lines } from "./line-cutter.ts";
import type { FromKeeper, KeepPlan, OpenSource } from "./messages.ts";

/** Where the lines of a source go. */
export interface SourceSink {
  readonly flood: KeepPlan["flood"];
  /** Keeps whole lines. While a promise that it gives is open, no more are to come. */
  keep(source: Source, stream: OutputStream, lines: Lines): Promise<void> | undefined;
  /** Lines that were too many, told in their place. */
  keepNote(source: Source, stream: OutputStream, text: string): void;
  tell(message: FromKeeper): void;
  /** It has ended, or was given up. */
  onEnd(source: Source): void;
}

/** One process: the two pipes that it writes to. */
export class Source {
  readonly id: number;
  readonly process: string;
  readonly index: number;
  readonly last: LastLines = new LastLines();
  pid: number;
  readonly #divert: RegExp;
  readonly #sink: SourceSink;
  readonly #gate: FloodGate | undefined;
  readonly #sockets: Socket[] = [];
  #open = 0;
  #hasEnded = false;

  /** @throws what the system says when the pipes are not there */
  constructor({ id, process, index, pid, paths, divert }: OpenSource, sink: SourceSink) {
    this.id = id;
    this.process = process;
    this.index = index;
    this.pid = pid ?? 0;
    this.#divert = new RegExp(divert, "m");
    this.#sink = sink;
    this.#gate = sink.flood && new FloodGate(sink.flood, performance.now());
    for (const stream of ["stdout", "stderr"] as const) this.#read(stream, paths[stream]);
  }

  /** Lines that were too many. */
  get flooded(): number {
    return this.#gate?.dropped ?? 0;
  }

  /** Somebody who is not the process itself may hold the pipes for ever. */
  giveUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #read(stream: OutputStream, path: string): void {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    let socket: Socket;
    try {
      socket = new Socket({ fd, readable: true, writable: false });
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    const cutter = new LineCutter();
    this.#open += 1;
    this.#sockets.push(socket);
    socket.on("data", (chunk: Buffer) => {
      const full = this.#take(stream, cutter.push(chunk));
      if (full === undefined) return;
      // A disk that is slower than who prints: the pipe fills, and who prints waits as it would for the disk itself.
      socket.pause();
      void full.then(() => socket.resume());
    });
    // Reading a pipe can fail only when it is gone.
    socket.on("error", () => {});
    socket.once("close", () => {
      void this.#take(stream, cutter.end());
      this.#tellDropped(stream, this.#gate?.rest() ?? 0);
      this.#open -= 1;
      if (this.#open === 0) this.#end();
    });
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#sink.onEnd(this);
  }

  #take(stream: OutputStream, lines: Lines | undefined): Promise<void> | undefined {
    if (lines === undefined) return undefined;
    this.last.add(lines.text);
    const own = stream === "stderr" ? this.#divertFrom(lines) : lines;
    const passed = own && this.#pass(stream, own);
    return passed && this.#sink.keep(this, stream, passed);
  }

  /** Hands back what the master has to hear; what is left is to be kept. */
  #divertFrom(lines: Lines): Lines | undefined {
    if (!this.#divert.test(lines.text)) return lines;
    const diverted: string[] = [];
    const kept = lines.text.split("\n").filter((text) => {
      const isTheirs = this.#divert.test(text);
      if (isTheirs) diverted.push(text);
      return !isTheirs;
    });
    this.#sink.tell({ type: "diverted", id: this.id, stream: "stderr", lines: diverted });
    return kept.length === 0 ? undefined : { text: kept.join("\n"), count: kept.length };
  }

  #pass(stream: OutputStream, lines: Lines): Lines | undefined {
    if (this.#gate === undefined) return lines;
    const { count, dropped } = this.#gate.take(lines.count, performance.now());
    this.#tellDropped(stream, dropped);
    if (count === lines.count) return lines;
    if (count === 0) return undefined;
    return { text: lines.text.split("\n").slice(0, count).join("\n"), count };
  }

  #tellDropped(stream: OutputStream, dropped: number): void {
    if (dropped === 0) return;
    this.#sink.keepNote(
      this,
      stream,
      `elpis: ${dropped} lines were too many, and were dropped here`,
    );
  }
}
