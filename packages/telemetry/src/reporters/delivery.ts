import type { Batch, Report, Reporter, Wanted } from "@elpis/api";
import type { SenderClock } from "../delta/contract.ts";
import { reportTimedOut } from "../errors.ts";
import type { Counts } from "./counts.ts";
import { batchOf, halve, type Parcel } from "./parcel.ts";
import type { ParcelQueue } from "./parcel-queue.ts";
import { Pauses } from "./pauses.ts";
import { timed } from "./timed.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

/** Calls whose time is up and that have not come back: with so many nothing more is sent. */
const MAX_LOST_CALLS = 2;

/** What a delivery depends on. */
export interface DeliveryParts {
  readonly name: string;
  readonly reporter: Reporter;
  readonly wants: Wanted;
  readonly queue: ParcelQueue;
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
  readonly #pauses: Pauses;
  /** On its way to the backend. */
  #parcel: Parcel | undefined;
  #isClosed = false;
  #lostCalls = 0;
  #off = (): void => {};
  #isPausing = false;
  #idle: (() => void)[] = [];

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.#pauses = new Pauses(parts.wants.intervalMs, parts.random);
  }

  get state(): "ok" | "failing" | "open" | "stuck" {
    if (this.#isStuck) return "stuck";
    if (this.#pauses.isDown) return "open";
    return this.#pauses.isFailing ? "failing" : "ok";
  }

  /** What is on its way, and not known to be taken. */
  get underWay(): Parcel | undefined {
    return this.#parcel;
  }

  /** Sends what waits, unless that is being done, or is to be left for a while. */
  pump(): void {
    if (this.#parcel !== undefined || this.#isPausing || this.#isStuck || this.#isClosed) return;
    const parcel = this.#parts.queue.take();
    if (parcel === undefined) return;
    void this.#deliver(parcel, this.#parts.timeoutMs).then((pauseMs) => {
      for (const resolve of this.#idle.splice(0)) resolve();
      if (pauseMs > 0) this.#pause(pauseMs);
      else this.pump();
    });
  }

  /** Sends what waits once more, within a time, and stops. What is left then is dropped. */
  async close(withinMs: number): Promise<void> {
    const { clock, queue, counts, timeoutMs } = this.#parts;
    const until = clock.now() + withinMs;
    this.#isClosed = true;
    this.#off();
    if (this.#parcel !== undefined) {
      const idle = new Promise<void>((resolve) => this.#idle.push(resolve));
      const late = new Promise<void>((resolve) => clock.after(withinMs, resolve));
      await Promise.race([idle, late]);
    }
    while (this.#parcel === undefined && !this.#isStuck) {
      const leftMs = until - clock.now();
      const parcel = leftMs > 0 ? queue.take() : undefined;
      if (parcel === undefined) break;
      const pauseMs = await this.#deliver(parcel, Math.min(leftMs, timeoutMs));
      if (pauseMs > 0) break;
    }
    for (let left = queue.take(); left !== undefined; left = queue.take()) {
      counts.dropped += left.items.length;
    }
  }

  get #isStuck(): boolean {
    return this.#lostCalls >= MAX_LOST_CALLS;
  }

  /** @returns how long to leave the backend alone, in milliseconds */
  async #deliver(parcel: Parcel, timeoutMs: number): Promise<number> {
    const { counts, onTaken, onFailed } = this.#parts;
    this.#parcel = parcel;
    parcel.attempts += 1;
    if (parcel.attempts > 1) counts.retries += 1;
    try {
      const { rejected = 0, reason } = (await this.#call(parcel, timeoutMs)) ?? {};
      const refused = Math.min(parcel.items.length, Math.max(0, Number(rejected) || 0));
      counts.rejected += refused;
      counts.sent += parcel.items.length - refused;
      this.#pauses.worked();
      onTaken();
      if (refused > 0) onFailed(new Error(`${refused} items were not taken: ${reason ?? "?"}`));
      return 0;
    } catch (error) {
      return this.#failed(parcel, this.#judge(error));
    } finally {
      this.#parcel = undefined;
    }
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

  #failed(parcel: Parcel, verdict: Verdict): number {
    const { queue, counts, nextId, wants } = this.#parts;
    const { items } = parcel;
    if (verdict.type === "halve" && items.length > 1) {
      queue.putBack(...halve(parcel, nextId));
      return 0;
    }
    if (verdict.type === "reject" || verdict.type === "halve") {
      this.#pauses.refused();
      counts.rejected += items.length;
      return 0;
    }
    this.#pauses.failed();
    const { retry } = wants;
    const isAgain =
      retry !== "never" &&
      (verdict.type === "later" ||
        (retry !== "refused" &&
          verdict.type === "doubt" &&
          (retry === "safe" || parcel.isRepeatable)));
    if (isAgain) {
      queue.putBack(parcel);
      return this.#pauses.next(verdict.type === "later" ? verdict.afterMs : undefined);
    }
    counts.dropped += items.length;
    return this.#pauses.next();
  }

  #call(parcel: Parcel, timeoutMs: number): Promise<Report | undefined> {
    const { name, reporter, resource, clock } = this.#parts;
    const batch = batchOf(parcel, resource);
    const deadline = clock.wallTime() + timeoutMs;
    let isLate = false;
    const late = (): Error => {
      isLate = true;
      this.#lostCalls += 1;
      return reportTimedOut(name, timeoutMs);
    };
    return timed(clock, timeoutMs, late, async (signal) => {
      try {
        const call = { signal, attempt: parcel.attempts, deadline };
        return ((await reporter.report(batch, call)) ?? undefined) as Report | undefined;
      } finally {
        if (isLate) this.#back();
      }
    });
  }

  /** A call has come back whose time was up. */
  #back(): void {
    this.#lostCalls -= 1;
    this.pump();
  }

  #pause(ms: number): void {
    if (this.#isClosed) return;
    this.#isPausing = true;
    this.#off = this.#parts.clock.after(ms, () => {
      this.#isPausing = false;
      this.pump();
    });
  }
}
