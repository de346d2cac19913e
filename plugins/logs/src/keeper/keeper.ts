import { errorToData, type OutputStream } from "@elpis/api";
import { KeptFiles } from "./files.ts";
import type { Lines } from "./line-cutter.ts";
import type { Ask, AskAnswers, FromKeeper, KeeperStats, KeepPlan, ToKeeper } from "./messages.ts";
import { SharedRotator } from "./shared-rotator.ts";
import { Source, type SourceSink } from "./source.ts";

const TICK_MS = 1000;
/** How often the master hears the last lines of those who have written. */
const TAIL_MS = 500;
const PRUNE_MS = 60_000;

/** Reads what processes print, and keeps it. */
export class Keeper implements SourceSink {
  readonly flood: KeepPlan["flood"];
  readonly #files: KeptFiles;
  readonly #shared: SharedRotator;
  readonly #tell: (message: FromKeeper) => void;
  readonly #sources = new Map<number, Source>();
  readonly #timers: NodeJS.Timeout[];
  #lines = 0;
  #flooded = 0;
  #onEmpty: () => void = () => {};

  constructor(plan: KeepPlan, tell: (message: FromKeeper) => void) {
    this.flood = plan.flood;
    this.#tell = tell;
    this.#files = new KeptFiles(plan, tell);
    this.#shared = new SharedRotator(tell);
    this.#timers = [
      setInterval(() => this.#tick(), TICK_MS),
      setInterval(() => this.#tellTails(), TAIL_MS),
      setInterval(() => void this.#files.prune(), PRUNE_MS),
    ];
  }

  get stats(): KeeperStats {
    const { paths, lost, rotations, waitingBytes } = this.#files;
    const flooding = [...this.#sources.values()].reduce((sum, { flooded }) => sum + flooded, 0);
    return {
      files: paths.length,
      paths,
      sources: this.#sources.size,
      lines: this.#lines,
      lost,
      flooded: this.#flooded + flooding,
      rotations,
      waitingBytes,
      shared: this.#shared.files.status(),
    };
  }

  hear(message: ToKeeper): void {
    switch (message.type) {
      case "open":
        this.#open(message);
        break;
      case "started": {
        const source = this.#sources.get(message.id);
        if (source !== undefined) source.pid = message.pid;
        break;
      }
      case "giveUp":
        this.#sources.get(message.id)?.giveUp();
        break;
      case "lines":
        for (const line of message.lines)
          void this.#write(line, line.stream, this.#files.encoder.line(line), 1);
        break;
      case "call":
        void this.#answer(message.call, message.ask);
        break;
      case "answers":
        this.#shared.answered(message.question, message.answers);
        break;
      default:
    }
  }

  async reopen(): Promise<void> {
    await this.#files.reopen();
  }

  keep(source: Source, stream: OutputStream, lines: Lines): Promise<void> | undefined {
    const block = this.#files.encoder.block(source, stream, lines, Date.now());
    return this.#write(source, stream, block, lines.count);
  }

  keepNote(source: Source, stream: OutputStream, text: string): void {
    void this.keep(source, stream, { text, count: 1 });
  }

  tell(message: FromKeeper): void {
    this.#tell(message);
  }

  onEnd(source: Source): void {
    this.#flooded += source.flooded;
    this.#sources.delete(source.id);
    this.#tell({ type: "ended", id: source.id, lines: source.last.take() });
    if (this.#sources.size === 0) this.#onEmpty();
  }

  /** Reads what there is, waits for `boundMs` at most until all have ended, and writes what waits. */
  async close(boundMs: number): Promise<void> {
    await this.#untilEmpty(boundMs);
    for (const source of [...this.#sources.values()]) source.giveUp();
    // What a pipe was given up with is handed over in the turns after that.
    await this.#untilEmpty(boundMs);
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([this.#files.close(), this.#shared.close()]);
  }

  #untilEmpty(boundMs: number): Promise<void> {
    if (this.#sources.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, boundMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #open(message: ToKeeper & { type: "open" }): void {
    if (this.#sources.has(message.id)) return;
    try {
      this.#sources.set(message.id, new Source(message, this));
      this.#tell({ type: "opened", id: message.id });
    } catch (error) {
      this.#tell({ type: "trouble", file: message.paths.stdout, message: String(error) });
      this.#tell({ type: "ended", id: message.id, lines: [] });
    }
  }

  #write(
    key: { readonly process: string; readonly index: number },
    stream: OutputStream,
    text: string,
    count: number,
  ): Promise<void> | undefined {
    this.#lines += count;
    return this.#files.write(key, stream, text, count);
  }

  #tick(): void {
    this.#files.tick();
    void this.#shared.files.tick();
  }

  #tellTails(): void {
    for (const { id, last } of this.#sources.values())
      if (last.isNew) this.#tell({ type: "tail", id, lines: last.take() });
  }

  async #answer(call: number, ask: Ask): Promise<void> {
    try {
      this.#tell({ type: "answer", call, value: await this.#do(ask) });
    } catch (error) {
      this.#tell({ type: "failed", call, error: errorToData(error) });
    }
  }

  async #do(ask: Ask): Promise<AskAnswers[Ask["verb"]]> {
    switch (ask.verb) {
      case "register":
        return await this.#shared.files.register(ask.writer, ask.registration);
      case "forget":
        this.#shared.files.forget(ask.writer, ask.path);
        return null;
      case "rotate":
        await Promise.all([this.#files.rotate(), this.#shared.files.rotate()]);
        return this.stats;
      case "reopen":
        await this.#files.reopen();
        return this.stats;
      case "stats":
        return this.stats;
    }
  }
}
