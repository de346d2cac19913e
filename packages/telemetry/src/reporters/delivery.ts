import type { Batch, Report, Reporter, Signal, Wanted } from "@elpis/api";
import type { SenderClock } from "../delta/contract.ts";
import { reportTimedOut } from "../errors.ts";
import type { Counts } from "./counts.ts";
import { Lane } from "./lane.ts";
import { batchOf, halve, type Parcel } from "./parcel.ts";
import { timed } from "./timed.ts";
import { type Verdict, verdictOf } from "./verdict.ts";
import type { Waiting } from "./waiting.ts";

/** Calls whose time is up and that have not come back: with so many nothing more is sent. */
const MAX_LOST_CALLS = 2;

/** What a delivery depends on. */
export interface DeliveryParts {
  readonly name: string;
  readonly reporter: Reporter;
  readonly wants: Wanted;
  readonly waiting: Waiting;
  readonly counts: Counts;
  readonly resource: Batch["resource"];
  readonly timeoutMs: number;
  readonly clock: SenderClock;
  readonly random: () => number;
  readonly nextId: () => string;
  /** Told of each attempt that failed. */
  readonly onFailed: (error: unknown) => void;
  readonly onTaken: () => void;
}

/** Hands what waits to a reporter: one parcel at a time, and again when that makes sense. */
export class Delivery {
  readonly #parts: DeliveryParts;
  /** A backend may have trouble with one signal, and none with others. */
  readonly #lanes: ReadonlyMap<Signal, Lane>;
  /** On its way to the backend. */
  #parcel: Parcel | undefined;
  #controller: AbortController | undefined;
  /** Resolves when nothing is on its way. */
  #idle: Promise<void> = Promise.resolve();
  #isHeld = false;
  #isClosed = false;
  /** Whatever still comes back counts no more. */
  #isOver = false;
  #lostCalls = 0;

  constructor(parts: DeliveryParts) {
    const { wants, clock, random } = parts;
    this.#parts = parts;
    const lanes = wants.signals.map((signal): [Signal, Lane] => [
      signal,
      new Lane(clock, wants.intervalMs, random, () => this.pump()),
    ]);
    this.#lanes = new Map(lanes);
  }

  get state(): "ok" | "failing" | "open" | "stuck" {
    if (this.#isStuck) return "stuck";
    const lanes = [...this.#lanes.values()];
    if (lanes.some(({ pauses }) => pauses.isDown)) return "open";
    return lanes.some(({ pauses }) => pauses.isFailing) ? "failing" : "ok";
  }

  /** What is on its way, and not known to be taken. */
  get underWay(): Parcel | undefined {
    return this.#parcel;
  }

  /** Sends what waits, unless that is being done, or is to be left for a while. */
  pump(): void {
    if (this.#parcel !== undefined || this.#isHeld || this.#isClosed || this.#isStuck) return;
    const parcel = this.#take();
    if (parcel === undefined) return;
    this.#idle = this.#deliver(parcel, this.#parts.timeoutMs).then(() => this.pump());
  }

  /**
   * Hands over what does not wait with the others, between them: it is not sent again, and not counted.
   *
   * @throws what the reporter throws
   */
  async sample(batch: Batch): Promise<Report> {
    this.#isHeld = true;
    try {
      while (this.#parcel !== undefined) await this.#idle;
      if (this.#isStuck) throw reportTimedOut(this.#parts.name, this.#parts.timeoutMs);
      return (await this.#call(batch, 1, this.#parts.timeoutMs)) ?? {};
    } finally {
      this.#isHeld = false;
      this.pump();
    }
  }

  /** Sends what waits once more, within a time, and stops. What is left then is dropped. */
  async close(withinMs: number): Promise<void> {
    const { clock, counts, waiting, timeoutMs } = this.#parts;
    const until = clock.now() + withinMs;
    this.#isClosed = true;
    for (const lane of this.#lanes.values()) lane.wake();
    if (this.#parcel !== undefined) {
      const late = new Promise<void>((resolve) => clock.after(withinMs, resolve));
      await Promise.race([this.#idle, late]);
    }
    while (this.#parcel === undefined && !this.#isStuck) {
      const leftMs = until - clock.now();
      const parcel = leftMs > 0 ? this.#take() : undefined;
      if (parcel === undefined) break;
      await this.#deliver(parcel, Math.min(leftMs, timeoutMs));
    }
    this.#isOver = true;
    this.#controller?.abort(new Error("the process ends"));
    counts.dropped += this.#parcel?.items.length ?? 0;
    this.#parcel = undefined;
    for (const lane of this.#lanes.values()) lane.wake();
    for (let left = waiting.take(() => true); left; left = waiting.take(() => true)) {
      counts.dropped += left.items.length;
    }
  }

  get #isStuck(): boolean {
    return this.#lostCalls >= MAX_LOST_CALLS;
  }

  #take(): Parcel | undefined {
    return this.#parts.waiting.take((signal) => this.#lanes.get(signal)?.isPausing === false);
  }

  async #deliver(parcel: Parcel, timeoutMs: number): Promise<void> {
    const { counts, resource } = this.#parts;
    this.#parcel = parcel;
    parcel.attempts += 1;
    if (parcel.attempts > 1) counts.retries += 1;
    const batch = batchOf(parcel, resource);
    try {
      const report = await this.#call(batch, parcel.attempts, timeoutMs);
      if (!this.#isOver) this.#taken(parcel, report ?? {});
    } catch (error) {
      if (!this.#isOver) this.#failed(parcel, this.#judge(error));
    } finally {
      this.#parcel = undefined;
    }
  }

  #taken({ signal, items }: Parcel, { rejected, reason }: Report): void {
    const { counts, onTaken, onFailed } = this.#parts;
    const refused = Math.min(items.length, Math.max(0, Number(rejected) || 0));
    counts.rejected += refused;
    counts.sent += items.length - refused;
    this.#lanes.get(signal)?.pauses.worked();
    onTaken();
    if (refused > 0) onFailed(partly(refused, reason));
  }

  /** Something that cannot even be looked at is a rejection. */
  #judge(error: unknown): Verdict {
    try {
      this.#parts.onFailed(error);
      return verdictOf(error);
    } catch {
      return { type: "reject" };
    }
  }

  #failed(parcel: Parcel, verdict: Verdict): void {
    const { waiting, counts, nextId, wants } = this.#parts;
    const { items, signal } = parcel;
    const lane = this.#lanes.get(signal);
    if (verdict.type === "halve" && items.length > 1) {
      waiting.putBack(signal, ...halve(parcel, nextId));
    } else if (verdict.type === "reject" || verdict.type === "halve") {
      counts.rejected += items.length;
      lane?.pauses.refused();
    } else {
      if (isRepeated(parcel, verdict, wants)) waiting.putBack(signal, parcel);
      else counts.dropped += items.length;
      lane?.failed(verdict.type === "later" ? verdict.afterMs : undefined);
    }
  }

  #call(batch: Batch, attempt: number, timeoutMs: number): Promise<Report | undefined> {
    const { name, reporter, clock } = this.#parts;
    const deadline = clock.wallTime() + timeoutMs;
    let isLate = false;
    const late = (): Error => {
      isLate = true;
      this.#lostCalls += 1;
      return reportTimedOut(name, timeoutMs);
    };
    const controller = new AbortController();
    this.#controller = controller;
    const task = async (signal: AbortSignal): Promise<Report | undefined> => {
      try {
        const call = { signal, attempt, deadline };
        return ((await reporter.report(batch, call)) ?? undefined) as Report | undefined;
      } finally {
        if (isLate) this.#back();
      }
    };
    return timed(clock, timeoutMs, late, task, controller);
  }

  /** A call has come back whose time was up. */
  #back(): void {
    this.#lostCalls -= 1;
    this.pump();
  }
}

function isRepeated({ isRepeatable }: Parcel, { type }: Verdict, { retry }: Wanted): boolean {
  if (retry === "never") return false;
  if (type === "later") return true;
  return retry === "safe" || (retry === undefined && isRepeatable);
}

function partly(refused: number, reason: string | undefined): Error {
  return new Error(`${refused} items were not taken: ${reason ?? "the backend does not say why"}`);
}
