import { closeSync, rmSync } from "node:fs";
import type { KeptOutput, OutputSource } from "@elpis/api";
import type { OpenSource, ToKeeper } from "../keeper/messages.ts";
import type { Pipes } from "./fifos.ts";

/** How long what was written last is waited for once the process is gone: somebody it started may hold the pipes. */
const LAST_OUTPUT_MS = 250;
/** How long after that such a pipe is read on. */
const GIVE_UP_MS = 1000;

/** Whom it speaks to. */
export interface KeptOwner {
  /** Whether the keeper has these pipes open. */
  isOpened(id: number): boolean;
  send(message: ToKeeper): void;
  forget(id: number): void;
}

/** What one process writes, as its supervisor sees it. */
export class Kept implements KeptOutput {
  readonly id: number;
  readonly source: OutputSource;
  readonly stdout: number;
  readonly stderr: number;
  lastLines: readonly string[] = [];
  pid: number | undefined;
  readonly #pipes: Pipes;
  readonly #owner: KeptOwner;
  readonly #ended: Promise<void>;
  #markEnded: () => void = () => {};
  #isOver = false;
  #isReleased = false;

  constructor(id: number, source: OutputSource, pipes: Pipes, owner: KeptOwner) {
    this.id = id;
    this.source = source;
    this.#pipes = pipes;
    this.#owner = owner;
    this.stdout = pipes.fds.stdout;
    this.stderr = pipes.fds.stderr;
    this.#ended = new Promise((resolve) => {
      this.#markEnded = resolve;
    });
  }

  /** How a keeper is told of it, be it the first or one that takes over. */
  get opening(): OpenSource {
    const { id, source, pid } = this;
    const { process, index, divert } = source;
    const { paths } = this.#pipes;
    return { type: "open", id, process, index, pid, paths, divert: divert.source };
  }

  started(pid: number): void {
    this.pid = pid;
    this.#owner.send({ type: "started", id: this.id, pid });
  }

  async ended(): Promise<void> {
    this.#isOver = true;
    this.#release();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_OUTPUT_MS);
    });
    const giveUp = setTimeout(
      () => this.#owner.send({ type: "giveUp", id: this.id }),
      LAST_OUTPUT_MS + GIVE_UP_MS,
    );
    giveUp.unref();
    void this.#ended.then(() => clearTimeout(giveUp));
    await Promise.race([this.#ended, late]);
    clearTimeout(timer);
  }

  /** A keeper has opened the pipes. */
  opened(): void {
    if (this.#isOver) this.#release();
  }

  /** The keeper has read all there will be. */
  finished(lines: readonly string[]): void {
    this.lastLines = lines;
    this.#dispose();
    this.#owner.forget(this.id);
    this.#markEnded();
  }

  /** Nobody will read it any more. */
  abandon(): void {
    this.#dispose();
    this.#markEnded();
  }

  /** Until a keeper has the pipes open, what is in them is there only because they are open here. */
  #release(): void {
    if (this.#isReleased || !this.#owner.isOpened(this.id)) return;
    this.#close();
    this.#owner.send({ type: "released", id: this.id });
  }

  #close(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    closeSync(this.stdout);
    closeSync(this.stderr);
  }

  #dispose(): void {
    this.#close();
    for (const path of Object.values(this.#pipes.paths)) rmSync(path, { force: true });
  }
}
