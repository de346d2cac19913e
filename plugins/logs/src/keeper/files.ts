import { join } from "node:path";
import type { OutputStream } from "@elpis/api";
import { LogFile } from "../files/log-file.ts";
import { pruneTotal } from "../files/prune.ts";
import { BlockEncoder } from "./block-encoder.ts";
import type { FromKeeper, KeepPlan } from "./messages.ts";

/** What the name of a file may tell. */
export interface FileKey {
  readonly process: string;
  readonly index: number;
}

/** The files of one application. */
export class KeptFiles {
  readonly encoder: BlockEncoder;
  readonly #plan: KeepPlan;
  readonly #tell: (message: FromKeeper) => void;
  readonly #files = new Map<string, LogFile>();
  #rotations = 0;
  #isPruning = false;

  constructor(plan: KeepPlan, tell: (message: FromKeeper) => void) {
    this.#plan = plan;
    this.#tell = tell;
    this.encoder = new BlockEncoder(plan.format);
  }

  get paths(): readonly string[] {
    return [...this.#files.keys()];
  }

  get rotations(): number {
    return this.#rotations;
  }

  get lost(): number {
    return this.#sum((file) => file.lost);
  }

  get waitingBytes(): number {
    return this.#sum((file) => file.waitingBytes);
  }

  /**
   * Takes whole lines, each with its line break.
   *
   * @returns while more waits for the disk than should: what resolves when it has caught up, or refuses
   */
  write(
    key: FileKey,
    stream: OutputStream,
    text: string,
    count: number,
  ): Promise<void> | undefined {
    const file = this.#fileOf(key, stream);
    file.write(text, count);
    return file.full;
  }

  async rotate(): Promise<void> {
    await this.#each((file) => file.rotate());
  }

  async reopen(): Promise<void> {
    await this.#each((file) => file.reopen());
  }

  /** To be called about each second. */
  tick(): void {
    for (const file of this.#files.values()) file.tick();
  }

  /** Sees to it that all files together take no more than they may. */
  async prune(): Promise<void> {
    const { totalBytes } = this.#plan;
    if (totalBytes === undefined || this.#isPruning) return;
    this.#isPruning = true;
    try {
      await pruneTotal(this.paths, totalBytes);
    } catch (error) {
      this.#tell({ type: "trouble", file: this.#plan.dir, message: String(error) });
    } finally {
      this.#isPruning = false;
    }
  }

  async close(): Promise<void> {
    await this.#each((file) => file.close());
  }

  #fileOf({ process, index }: FileKey, stream: OutputStream): LogFile {
    const { app, dir, pattern } = this.#plan;
    const holes: Record<string, string> = { app, process, index: String(index), stream };
    const path = join(
      dir,
      pattern.replaceAll(/\{(\w+)\}/g, (_, name) => holes[name] ?? ""),
    );
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const file = this.#open(path);
    this.#files.set(path, file);
    this.#tell({ type: "files", paths: this.paths });
    return file;
  }

  #open(path: string): LogFile {
    const { rotation, bufferBytes } = this.#plan;
    return new LogFile({
      path,
      rotation,
      bufferBytes,
      lossNote: (lines, reason) =>
        this.encoder.line({
          time: Date.now(),
          process: "elpis",
          index: 0,
          pid: process.pid,
          stream: "stderr",
          text: `elpis: ${lines} lines were lost here: ${textOf(reason)}`,
        }),
      onTrouble: (error) => this.#tell({ type: "trouble", file: path, message: textOf(error) }),
      onRecovered: (lost) => this.#tell({ type: "recovered", file: path, lost }),
      onRotated: () => {
        this.#rotations += 1;
        void this.prune();
      },
    });
  }

  async #each(work: (file: LogFile) => Promise<unknown>): Promise<void> {
    await Promise.all([...this.#files.values()].map(work));
  }

  #sum(of: (file: LogFile) => number): number {
    let sum = 0;
    for (const file of this.#files.values()) sum += of(file);
    return sum;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
