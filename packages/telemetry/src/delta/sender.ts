import { hasCode, type Off } from "@elpis/api";
import { sendTimedOut } from "../errors.ts";
import { LEVELS, type Level } from "../levels.ts";
import { milliseconds, wholeNumbers } from "../options.ts";
import type { Store } from "../store/contract.ts";
import { systemClock } from "./clock.ts";
import type { DeltaSender, DeltaSenderOptions, DeltaSenderStats, SenderClock } from "./contract.ts";
import { Schedule } from "./schedule.ts";
import type { Delta, DeltaAnswer } from "./wire.ts";

const DEFAULT_CLOSE_MS = 2000;

/** A delta, without what is known when it is sent only. */
type Unsent = Omit<Delta, "attempted">;

class TheSender implements DeltaSender {
  readonly #store: Store;
  readonly #send: (delta: Delta) => Promise<DeltaAnswer>;
  readonly #clock: SenderClock;
  readonly #intervalMs: number;
  readonly #sendTimeoutMs: number;
  readonly #maxBytes: number;
  readonly #isWhole: boolean;
  readonly #phase: number;
  readonly #onProblem: (error: Error) => void;
  readonly #schedule: Schedule;
  readonly #due = new Set<Level>();
  #seq = 0;
  /** Of this one it is not known whether it was taken. */
  #inDoubt: Unsent | undefined;
  #needsFull = true;
  #isFullCut = false;
  #carried = false;
  #attempted = false;
  #isClosing = false;
  /** The final one was taken, or time is over: nothing is sent any more. */
  #isOver = false;
  /** The final one was taken. */
  #isDelivered = false;
  #sentAt = Number.NEGATIVE_INFINITY;
  #timer: Off | undefined;
  #giveUp: () => void = () => {};
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #problem = "";
  #taken = 0;
  #failed = 0;
  #resyncs = 0;

  constructor(options: DeltaSenderOptions) {
    this.#store = options.store;
    this.#send = options.send;
    this.#clock = options.clock ?? systemClock;
    this.#intervalMs = milliseconds("intervalMs", options.intervalMs ?? 5000);
    this.#sendTimeoutMs = milliseconds("sendTimeoutMs", options.sendTimeoutMs ?? 10_000);
    this.#maxBytes = wholeNumbers({ maxBytes: 262_144 }, { maxBytes: options.maxBytes }).maxBytes;
    this.#isWhole = options.isWhole ?? false;
    this.#phase = Math.min(1, Math.max(0, options.phase ?? Math.random()));
    this.#onProblem = options.onProblem ?? (() => {});
    this.#schedule = new Schedule(this.#intervalMs);
  }

  start(): void {
    if (this.#timer !== undefined || this.#isClosing) return;
    this.#schedule.start(this.#clock.now(), this.#phase);
    this.#arm();
  }

  flush(): Promise<boolean> {
    for (const level of LEVELS) this.#due.add(level);
    return this.#enqueue(true);
  }

  reconnected(): void {
    if (this.#timer !== undefined) void this.#enqueue(true);
  }

  async close(timeoutMs = DEFAULT_CLOSE_MS): Promise<boolean> {
    if (this.#isClosing) return this.#tail.then(() => this.#isDelivered);
    this.#isClosing = true;
    this.#timer?.();
    this.#timer = undefined;
    let off: Off = () => {};
    const late = new Promise<false>((resolve) => {
      // Whatever is under way gets half of the time; then what is in doubt is sent again, with all that is new.
      const half = this.#clock.after(timeoutMs / 2, () => this.#giveUp());
      const whole = this.#clock.after(timeoutMs, () => resolve(false));
      off = () => {
        half();
        whole();
      };
    });
    const taken = await Promise.race([this.flush(), late]);
    off();
    this.#isOver = true;
    this.#giveUp();
    return taken;
  }

  stats(): DeltaSenderStats {
    return {
      taken: this.#taken,
      failed: this.#failed,
      resyncs: this.#resyncs,
      isInDoubt: this.#inDoubt !== undefined,
    };
  }

  #arm(): void {
    this.#timer = this.#clock.after(this.#schedule.wait(this.#clock.now()), () => {
      for (const level of this.#schedule.take(this.#clock.now())) this.#due.add(level);
      // What is due is taken along by whatever is waiting already.
      if (this.#waiting === 0) void this.#enqueue(false);
      this.#arm();
    });
  }

  /** One after the other. @param isWanted also when there is nothing new */
  #enqueue(isWanted: boolean): Promise<boolean> {
    this.#waiting++;
    const run = this.#tail.then(async () => {
      try {
        return await this.#deliver(isWanted);
      } finally {
        this.#waiting--;
      }
    });
    this.#tail = run;
    return run;
  }

  /** Sends all that is due. @returns whether it was taken */
  async #deliver(isWanted: boolean): Promise<boolean> {
    let resyncs = 0;
    while (!this.#isOver) {
      const delta = this.#inDoubt ?? (await this.#next(isWanted));
      if (delta === undefined) return true;
      const answer = await this.#try(delta);
      if (answer === "resync") {
        // A receiver that does not take a full one either will not take the next.
        if (++resyncs > 1) return false;
      } else if (answer === undefined) return false;
      else if (delta.final) {
        this.#isOver = true;
        this.#isDelivered = true;
      } else if (!(this.#isFullCut || this.#hasDue())) return true;
    }
    return this.#isDelivered;
  }

  #hasDue(): boolean {
    return this.#due.size > 0 || this.#needsFull;
  }

  /** The next delta; undefined when there is nothing to tell. */
  async #next(isWanted: boolean): Promise<Unsent | undefined> {
    const wantsAll = this.#needsFull || this.#isFullCut || this.#isClosing;
    const isFull = this.#needsFull || (this.#isWhole && !this.#isFullCut);
    const levels = wantsAll ? undefined : new Set(this.#due);
    await this.#store.observe(levels);
    if (isFull) this.#store.forgetCollected();
    const { isCut, ...changes } = this.#store.collect(isFull ? undefined : levels, this.#maxBytes);
    if (!isCut) this.#due.clear();
    const isEmpty = changes.numbers.length + changes.histograms.length + changes.gone.length === 0;
    const isQuiet = this.#clock.now() - this.#sentAt < this.#intervalMs;
    if (isEmpty && isQuiet && !isWanted && !wantsAll) return undefined;
    this.#isFullCut = isCut && (isFull || this.#isFullCut);
    this.#needsFull = false;
    this.#seq++;
    return {
      v: 1,
      run: this.#store.run,
      seq: this.#seq,
      full: isFull,
      more: this.#isFullCut,
      carried: this.#carried,
      final: this.#isClosing && !isCut,
      start: this.#store.startTime,
      time: this.#clock.wallTime(),
      everyMs: this.#intervalMs,
      ...changes,
    };
  }

  /** @returns undefined when it is not known whether it was taken */
  async #try(delta: Unsent): Promise<DeltaAnswer | undefined> {
    this.#inDoubt = delta;
    const attempted = this.#attempted;
    this.#attempted = true;
    try {
      const answer = await this.#timed(this.#send({ ...delta, attempted }));
      this.#inDoubt = undefined;
      this.#sentAt = this.#clock.now();
      this.#problem = "";
      if (answer === "resync") this.#resync();
      else {
        this.#taken++;
        this.#carried = true;
      }
      return answer;
    } catch (thrown) {
      this.#failed++;
      this.#tell(thrown);
      if (!isRefused(thrown)) return undefined;
      // It will not be taken the next time either; a full one has all that was in it.
      this.#inDoubt = undefined;
      this.#resync();
      return undefined;
    }
  }

  #resync(): void {
    this.#resyncs++;
    this.#needsFull = true;
    this.#isFullCut = false;
  }

  #timed(answer: Promise<DeltaAnswer>): Promise<DeltaAnswer> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(sendTimedOut(this.#sendTimeoutMs));
      const off = this.#clock.after(this.#sendTimeoutMs, late);
      this.#giveUp = late;
      answer.then(resolve, reject).finally(off);
    });
  }

  #tell(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    if (error.message === this.#problem) return;
    this.#problem = error.message;
    try {
      this.#onProblem(error);
    } catch {
      // Whoever is told of problems and has one of their own: nobody is left to be told.
    }
  }
}

/** Whether an aggregator has refused it for what it is; over a hub, a code of ours is that of what the other side said. */
function isRefused(thrown: unknown): boolean {
  const code = "ELPIS_TELEMETRY_BAD_DELTA";
  if (hasCode(thrown, code)) return true;
  if (!hasCode(thrown, "ELPIS_HUB_REMOTE")) return false;
  return (thrown.details.remote as { readonly code?: unknown } | undefined)?.code === code;
}

/**
 * Makes the sender of a process's deltas. Its timers do not keep the process alive.
 *
 * @throws ELPIS_TELEMETRY_BAD_OPTION
 * @example
 * const sender = createDeltaSender({
 *   store,
 *   send: (delta) => hub.request("elpis.telemetry.delta", delta, { to: { role: "agent" } }),
 * });
 * sender.start();
 */
export function createDeltaSender(options: DeltaSenderOptions): DeltaSender {
  return new TheSender(options);
}
