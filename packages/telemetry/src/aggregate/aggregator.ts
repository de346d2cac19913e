import { checkDelta } from "../delta/check.ts";
import type { Delta, DeltaAnswer } from "../delta/wire.ts";
import { milliseconds, wholeNumbers } from "../options.ts";
import type { Point } from "../points/point.ts";
import type {
  Aggregator,
  AggregatorOptions,
  AggregatorStats,
  PointReader,
  ProcessReport,
  ReaderOptions,
  ReadOptions,
  Source,
} from "./contract.ts";
import { Family } from "./family.ts";
import { Intake } from "./intake.ts";
import { Members } from "./members.ts";
import type { NameState } from "./names.ts";
import { type Mode, ProcessState, processSlot } from "./process.ts";
import { CumulativeReader, DeltaReader, type ReadClock, type VisitAll } from "./reader.ts";
import { restoreSnapshot, takeSnapshot } from "./snapshot.ts";
import type { AggregatorSnapshot } from "./snapshot-contract.ts";
import { visit } from "./visit.ts";

const LIMITS = {
  seriesPerInstrument: 2000,
  seriesPerProcess: 24_000,
  series: 400_000,
  names: 256,
  processes: 1024,
};

class TheAggregator implements Aggregator {
  readonly #limits: typeof LIMITS;
  readonly #staleIntervals: number;
  readonly #expireAfterMs: number;
  readonly #keepSumsMs: number;
  readonly #settleUntil: number;
  readonly #now: () => number;
  readonly #wallTime: () => number;
  readonly #onMembers: () => void;
  readonly #family: Family;
  readonly #members: Members;
  readonly #intake: Intake;
  readonly #startTime: number;
  #isSettled = false;
  #lastTime = 0;
  readonly #counts = {
    taken: 0,
    duplicates: 0,
    resyncs: 0,
    bad: 0,
    late: 0,
    refused: 0,
    lostProcesses: 0,
  };

  constructor(options: AggregatorOptions) {
    this.#limits = wholeNumbers(LIMITS, options.limits);
    const { staleIntervals } = wholeNumbers(
      { staleIntervals: 3 },
      { staleIntervals: options.staleIntervals },
    );
    this.#staleIntervals = staleIntervals;
    this.#expireAfterMs = milliseconds("expireAfterMs", options.expireAfterMs ?? 300_000);
    this.#keepSumsMs = milliseconds("keepSumsMs", options.keepSumsMs ?? 86_400_000);
    this.#now = options.now ?? (() => performance.now());
    this.#wallTime = options.wallTime ?? Date.now;
    this.#onMembers = options.onMembers ?? (() => {});
    this.#settleUntil = this.#now() + milliseconds("settleMs", options.settleMs ?? 10_000);
    this.#startTime = this.#time();
    this.#family = new Family(this.#limits, this.#now);
    this.#members = new Members(this.#family);
    this.#intake = new Intake(this.#family, this.#limits.seriesPerProcess, this.#now);
    if (options.restore === undefined) return;
    const clock = { now: this.#now(), time: this.#startTime };
    restoreSnapshot(options.restore, this.#family, this.#members, clock);
  }

  take(source: Source, value: unknown): DeltaAnswer {
    let delta: Delta;
    try {
      delta = checkDelta(value);
    } catch (error) {
      this.#counts.bad++;
      throw error;
    }
    const known = this.#members.get(source, delta.run);
    const answer = known === undefined ? this.#greet(source, delta) : this.#hear(known, delta);
    if (answer === "resync") this.#counts.resyncs++;
    return answer;
  }

  /** The first delta of a process, or the first one after it was forgotten. */
  #greet(source: Source, delta: Delta): DeltaAnswer {
    const buried = this.#members.buriedSeq(source, delta.run);
    if (buried !== undefined && delta.seq <= buried) {
      this.#counts.late++;
      return "taken";
    }
    if (!delta.full) return "resync";
    if (!this.#makeRoom()) {
      this.#counts.refused++;
      return "taken";
    }
    const mode: Mode = buried !== undefined ? "baseline" : delta.carried ? "carried" : "fresh";
    const name = this.#family.name(source.app, source.name);
    const process = new ProcessState(source, delta.run, name, delta.start, mode, this.#now());
    this.#members.add(process);
    if (delta.carried || delta.attempted) {
      // An earlier aggregator may have told of it, together with others of whom nothing is known here.
      process.countsSince = this.#startTime;
      name.app.resetAt = Math.max(name.app.resetAt, this.#startTime);
    }
    this.#apply(process, delta);
    this.#onMembers();
    return "taken";
  }

  #hear(process: ProcessState, delta: Delta): DeltaAnswer {
    // One that was restored may be told once more what it has, and is whole by that.
    const isKnown =
      process.needsFull && delta.full ? delta.seq < process.seq : delta.seq <= process.seq;
    if (isKnown) {
      this.#counts.duplicates++;
      return "taken";
    }
    if (!delta.full && (process.needsFull || delta.seq !== process.seq + 1)) return "resync";
    const wasGone = process.goneAt !== undefined;
    this.#apply(process, delta);
    if (wasGone) this.#onMembers();
    return "taken";
  }

  #apply(process: ProcessState, delta: Delta): void {
    this.#counts.taken++;
    process.seq = delta.seq;
    process.everyMs = Math.max(0, delta.everyMs);
    process.lastAt = this.#now();
    process.isStale = false;
    process.needsFull = false;
    process.goneAt = undefined;
    this.#intake.apply(process, delta);
    if (process.unmentioned === undefined) process.name.awaited.delete(process.slot);
    if (!delta.final) return;
    this.#leave(process);
    this.#onMembers();
  }

  #makeRoom(): boolean {
    if (this.#members.size < this.#limits.processes) return true;
    const longest = this.#members.longestGone();
    if (longest === undefined) return false;
    this.#members.forget(longest);
    return true;
  }

  expect(source: Source): void {
    if (this.#isSettled || this.#now() >= this.#settleUntil) return;
    const hasReported = this.#members
      .ofSlot(source)
      .some((one) => !one.needsFull && one.unmentioned === undefined);
    if (!hasReported) {
      this.#family.name(source.app, source.name).awaited.add(processSlot(source));
    }
  }

  gone(source: Source): void {
    const processes = this.#members.ofSlot(source).filter(({ goneAt }) => goneAt === undefined);
    this.#family.find(source.app, source.name)?.awaited.delete(processSlot(source));
    for (const process of processes) this.#leave(process);
    if (processes.length > 0) this.#onMembers();
  }

  #leave(process: ProcessState): void {
    process.goneAt = this.#now();
    process.name.awaited.delete(process.slot);
    if (!process.isCatchingUp) return;
    // What it did between the snapshot and its end may have been told, and is not known here.
    process.isCatchingUp = false;
    this.#counts.lostProcesses++;
    process.name.reset(this.#time());
  }

  expire(): void {
    const now = this.#now();
    if (!this.#isSettled && now >= this.#settleUntil) this.#settle();
    let hasChanged = false;
    for (const process of this.#members.all()) {
      const silentMs = now - process.lastAt;
      process.isStale = silentMs > process.everyMs * this.#staleIntervals;
      const endedAt = process.goneAt ?? (process.isStale ? process.lastAt : now);
      if (now - endedAt < this.#expireAfterMs) continue;
      this.#members.forget(process);
      hasChanged = true;
    }
    this.#family.dropCold(this.#keepSumsMs, this.#time());
    if (hasChanged) this.#onMembers();
  }

  #settle(): void {
    this.#isSettled = true;
    for (const name of this.#family.names.values()) {
      name.awaited.clear();
      this.#family.dropEmpty(name);
    }
    let hasChanged = false;
    for (const process of this.#members.all()) {
      // Sums are told now, whether it has told all of its own or not.
      if (process.isCatchingUp) process.name.reset(this.#time());
      if (!process.isExpected) continue;
      this.#leave(process);
      hasChanged = true;
    }
    if (hasChanged) this.#onMembers();
  }

  processes(): readonly ProcessReport[] {
    this.expire();
    const now = this.#now();
    return [...this.#members.all()].map((process) => ({
      ...process.source,
      state: stateOf(process),
      ageMs: process.needsFull ? undefined : now - process.lastAt,
      series: process.series.size,
    }));
  }

  readPoints(options: ReadOptions = {}): readonly Point[] {
    return new CumulativeReader(this.#visitor(options), this.#readClock).read();
  }

  createReader(options: ReaderOptions = {}): PointReader {
    const Reader = options.temporality === "delta" ? DeltaReader : CumulativeReader;
    return new Reader(this.#visitor(options), this.#readClock);
  }

  readonly #readClock: ReadClock = { now: () => this.#now(), time: () => this.#time() };

  #visitor({ scope = "name", filter }: ReadOptions): VisitAll {
    const isHeld = (name: NameState): boolean => name.awaited.size > 0;
    return (found, isAll) => {
      this.expire();
      const none = (): boolean => false;
      visit(this.#family, this.#members, { scope, filter, found, isHeld: isAll ? none : isHeld });
    };
  }

  snapshot(isFinal = false): AggregatorSnapshot {
    return takeSnapshot(this.#family, this.#members, this.#time(), isFinal);
  }

  stats(): AggregatorStats {
    const { refused, ...counts } = this.#counts;
    const { overflowed, dropped } = this.#family.counts;
    return {
      processes: this.#members.size,
      series: this.#family.mergedSeries,
      processSeries: this.#family.processSeries,
      ...counts,
      overflowed,
      dropped: dropped + refused,
      fallen: this.#intake.fallen,
      conflicts: this.#family.variants.conflicts,
    };
  }

  /** Wall time that does not go back when somebody sets the clock. */
  #time(): number {
    this.#lastTime = Math.max(this.#lastTime, this.#wallTime());
    return this.#lastTime;
  }
}

function stateOf(process: ProcessState): ProcessReport["state"] {
  if (process.goneAt !== undefined) return "gone";
  if (process.isExpected) return "expected";
  return process.isStale ? "stale" : "live";
}

/**
 * Makes what merges the deltas of all processes, mostly in the agent.
 *
 * @throws ELPIS_TELEMETRY_BAD_OPTION, ELPIS_TELEMETRY_BAD_SNAPSHOT
 * @example
 * const aggregator = createAggregator();
 * hub.handle("elpis.telemetry.delta", (delta, { from }) => aggregator.take(from, delta));
 * aggregator.readPoints({ scope: "name" });
 */
export function createAggregator(options: AggregatorOptions = {}): Aggregator {
  return new TheAggregator(options);
}
