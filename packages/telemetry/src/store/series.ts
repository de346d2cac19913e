import { tracing } from "../active-trace.ts";
import { type ExemplarClock, RecordedExemplars } from "../exemplars/recorded.ts";
import { ExponentialHistogram } from "../histogram/histogram.ts";
import type { FlatTags } from "../tags.ts";
import type { Drops } from "./drops.ts";
import type { BoundCounter, BoundRecorder } from "./instruments.ts";

/** What all series of a store have, of whatever kind. */
class SeriesBase {
  /** Its number in this store; never given twice. */
  readonly ref: number;
  readonly tags: FlatTags;
  readonly drops: Drops;
  /** Whether its description was collected. */
  isDescribed = false;
  /** The last round of observations that it was part of. */
  round = 0;

  constructor(ref: number, tags: FlatTags, drops: Drops) {
    this.ref = ref;
    this.tags = tags;
    this.drops = drops;
  }
}

/** A series whose state is one number. */
export abstract class NumberSeries extends SeriesBase {
  value = 0;
  /** The value that was collected last; NaN, which is equal to nothing, as long as there is none. */
  sent: number = Number.NaN;

  /** Sets it to what a callback has observed. @returns false when that cannot be */
  abstract observe(value: number): boolean;
}

/** A sum that only grows. */
export class CounterSeries extends NumberSeries implements BoundCounter {
  #observed = 0;

  add(value: number): void {
    // The comparisons are false for what is not a number.
    if (value >= 0 && value <= Number.MAX_VALUE) this.value += value;
    else this.drops.addValue(value);
  }

  observe(value: number): boolean {
    if (!(value >= 0 && value <= Number.MAX_VALUE)) return false;
    // Whatever is counted there has begun anew when it is less than before.
    this.value += value >= this.#observed ? value - this.#observed : value;
    this.#observed = value;
    return true;
  }
}

/** A sum that goes up and down. */
export class UpDownSeries extends NumberSeries implements BoundCounter {
  add(value: number): void {
    if (Number.isFinite(value)) this.value += value;
    else this.drops.addValue(value);
  }

  observe(value: number): boolean {
    if (!Number.isFinite(value)) return false;
    this.value = value;
    return true;
  }
}

/** A value of which the last one counts; NaN as long as there is none. */
export class GaugeSeries extends NumberSeries implements BoundRecorder {
  override value: number = Number.NaN;

  record(value: number): void {
    if (Number.isFinite(value)) this.value = value;
    else this.drops.addValue(value);
  }

  observe(value: number): boolean {
    if (!Number.isFinite(value)) return false;
    this.value = value;
    return true;
  }
}

/** A distribution. */
export class HistogramSeries extends SeriesBase implements BoundRecorder {
  /** What was recorded since the last collection. */
  readonly recent: ExponentialHistogram = new ExponentialHistogram();
  /** Whether the reader has all of `whole`. */
  isSent = true;
  /** All before that. */
  readonly whole: ExponentialHistogram = new ExponentialHistogram();
  /** Undefined as long as nobody traces. */
  exemplars: RecordedExemplars | undefined;
  readonly #clock: ExemplarClock;
  /** Of its own, as that is quicker to get at: while nobody traces it costs nothing that can be measured. */
  readonly #tracing = tracing;

  constructor(ref: number, tags: FlatTags, drops: Drops, clock: ExemplarClock) {
    super(ref, tags, drops);
    this.#clock = clock;
  }

  record(value: number): void {
    if (!this.recent.record(value)) this.drops.addValue(value);
    else if (this.#tracing.read !== undefined) this.#exemplify(value);
  }

  #exemplify(value: number): void {
    this.exemplars ??= new RecordedExemplars(this.#clock);
    if (!this.exemplars.record(value)) this.drops.add("exemplar");
  }

  /** Everything together. */
  all(): ExponentialHistogram {
    const all = this.whole.clone();
    all.merge(this.recent);
    return all;
  }
}

/** Any series. */
export type Series = NumberSeries | HistogramSeries;
