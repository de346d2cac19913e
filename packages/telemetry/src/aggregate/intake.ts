import { decodeInstrument } from "../delta/codes.ts";
import type { Delta, WireExemplar, WireHistogram } from "../delta/wire.ts";
import { rangeOf } from "../exemplars/exemplar.ts";
import type { KeptExemplar } from "../exemplars/kept.ts";
import type { Family } from "./family.ts";
import type { ProcessState } from "./process.ts";
import { takeHistogram } from "./values.ts";

/** Takes in what the deltas of processes say. */
export class Intake {
  readonly #family: Family;
  readonly #maxInstruments: number;
  readonly #now: () => number;
  /** Values of sums that were lower than before. */
  fallen = 0;
  #settings = 0;
  #exemplars = 0;

  /**
   * @param maxInstruments of one process
   * @param now monotonic, in milliseconds
   */
  constructor(family: Family, maxInstruments: number, now: () => number) {
    this.#family = family;
    this.#maxInstruments = maxInstruments;
    this.#now = now;
  }

  apply(process: ProcessState, delta: Delta): void {
    if (delta.full) process.unmentioned = new Set(process.series.keys());
    const described = this.#describe(process, delta);
    for (const ref of delta.gone) {
      this.#family.remove(process, ref);
      process.unmentioned?.delete(ref);
    }
    this.#numbers(process, delta.numbers);
    for (const wire of delta.histograms) {
      this.#histogram(process, wire, described.has(wire[0]));
      if (wire[8] !== undefined) this.#exemplify(process, wire[0], wire[8], delta.time);
    }
    if (delta.more || process.unmentioned === undefined) return;
    for (const ref of process.unmentioned) this.#family.remove(process, ref);
    process.unmentioned = undefined;
    process.isCatchingUp = false;
    process.isBehind = false;
    // What comes from now on is new.
    process.mode = "fresh";
  }

  /** @returns the series that are described in this delta */
  #describe(process: ProcessState, delta: Delta): Set<number> {
    for (const wire of delta.instruments) {
      const info = decodeInstrument(wire);
      if (info === undefined || process.instruments.size >= this.#maxInstruments) continue;
      const variant = this.#family.variants.get(info);
      if (process.instruments.get(wire[0]) === variant) continue;
      process.instruments.set(wire[0], variant);
      variant.users++;
    }
    const described = new Set<number>();
    for (const [ref, instrument, tags] of delta.series) {
      described.add(ref);
      process.unmentioned?.delete(ref);
      const variant = process.instruments.get(instrument);
      if (variant === undefined || process.series.has(ref)) continue;
      this.#family.add(process, ref, variant, tags);
    }
    return described;
  }

  #numbers(process: ProcessState, numbers: readonly number[]): void {
    let ref = 0;
    for (let at = 0; at < numbers.length; at += 2) {
      ref += numbers[at] as number;
      const value = numbers[at + 1] as number;
      const series = process.series.get(ref);
      if (series === undefined) {
        this.#family.counts.dropped++;
        continue;
      }
      series.setAt = ++this.#settings;
      const { sum, variant, merged } = series;
      if (variant.info.kind !== "counter") {
        sum.value = value;
        continue;
      }
      const growth = value - sum.value;
      if (growth < 0) {
        this.fallen++;
        continue;
      }
      sum.add(growth, process.mode !== "fresh");
      // Not the difference of sums, which could be a little less than this.
      sum.value = value;
      if (process.mode !== "baseline") merged.sum.add(growth, process.mode === "carried");
    }
  }

  #histogram(process: ProcessState, wire: WireHistogram, isWhole: boolean): void {
    const series = process.series.get(wire[0]);
    if (series?.distribution === undefined) {
      this.#family.counts.dropped++;
      return;
    }
    const { distribution, merged } = series;
    const growth = takeHistogram(distribution, wire, isWhole);
    if (growth === undefined) {
      this.fallen++;
      return;
    }
    series.setAt = ++this.#settings;
    if (process.mode !== "fresh") distribution.carry(growth);
    if (process.mode !== "baseline") merged.distribution?.add(growth, process.mode === "carried");
  }

  /** @param time when they were sent, in milliseconds since 1970 */
  #exemplify(
    process: ProcessState,
    ref: number,
    exemplars: readonly WireExemplar[],
    time: number,
  ): void {
    const series = process.series.get(ref);
    if (series === undefined) return;
    // All of one that was restored may have been told before it was.
    const isNew = process.mode === "fresh" && !process.isBehind;
    const known = series.exemplar;
    for (const [number, value, recordedAt, traceId, spanId] of exemplars) {
      if (number <= known) continue;
      series.exemplar = Math.max(series.exemplar, number);
      const one: KeptExemplar = {
        ...{ value, time: recordedAt, traceId, spanId, range: rangeOf(value) },
        at: this.#now() - Math.max(0, time - recordedAt),
        seq: isNew ? ++this.#exemplars : 0,
      };
      series.distribution?.exemplify(one);
      series.merged.distribution?.exemplify(one);
    }
  }
}
