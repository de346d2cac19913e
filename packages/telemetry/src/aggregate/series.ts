import { type KeptExemplar, KeptExemplars } from "../exemplars/kept.ts";
import { ExponentialHistogram } from "../histogram/histogram.ts";
import type { FlatTags } from "../tags.ts";
import type { NameState } from "./names.ts";
import type { ProcessState } from "./process.ts";
import type { Variant } from "./variants.ts";

/** A sum at some level: what is known, and the part that an earlier aggregator has told of already. */
export class Sum {
  value = 0;
  /** Readers of deltas leave this out. */
  carried = 0;

  add(by: number, isCarried: boolean): void {
    this.value += by;
    if (isCarried) this.carried += by;
  }
}

/** The same for a distribution. */
export class Distribution {
  readonly value: ExponentialHistogram = new ExponentialHistogram();
  carried: ExponentialHistogram | undefined;
  /** Undefined when there never were any. */
  exemplars: KeptExemplars | undefined;

  add(by: ExponentialHistogram, isCarried: boolean): void {
    this.value.merge(by);
    if (isCarried) this.carry(by);
  }

  /** Readers of deltas leave that out. */
  carry(part: ExponentialHistogram): void {
    this.carried ??= new ExponentialHistogram();
    this.carried.merge(part);
  }

  exemplify(by: KeptExemplar | KeptExemplars): void {
    this.exemplars ??= new KeptExemplars();
    if (by instanceof KeptExemplars) this.exemplars.putAll(by);
    else this.exemplars.put(by);
  }
}

/** A series of one process. */
export class ProcessSeries {
  readonly process: ProcessState;
  readonly variant: Variant;
  readonly tags: FlatTags;
  readonly merged: MergedSeries;
  readonly sum: Sum = new Sum();
  readonly distribution: Distribution | undefined;
  /** When it was set last, counted over all; 0 when it never was. */
  setAt = 0;
  /** Number of the last exemplar that it has told. */
  exemplar = 0;

  constructor(process: ProcessState, variant: Variant, tags: FlatTags, merged: MergedSeries) {
    this.process = process;
    this.variant = variant;
    this.tags = tags;
    this.merged = merged;
    if (variant.info.kind === "histogram") this.distribution = new Distribution();
  }
}

/** A series of all processes of a name: the sums of all that ever were, the gauges of those that live. */
export class MergedSeries {
  readonly name: NameState;
  readonly variant: Variant;
  readonly tags: FlatTags;
  readonly app: AppSeries;
  /** Since when its sum counts, in milliseconds since 1970. */
  start: number;
  readonly sum: Sum = new Sum();
  readonly distribution: Distribution | undefined;
  readonly members: Set<ProcessSeries> = new Set();

  constructor(name: NameState, variant: Variant, tags: FlatTags, app: AppSeries, start: number) {
    this.name = name;
    this.variant = variant;
    this.tags = tags;
    this.app = app;
    this.start = start;
    if (variant.info.kind === "histogram") this.distribution = new Distribution();
  }
}

/** A series of all names of an application. */
export class AppSeries {
  readonly variant: Variant;
  readonly tags: FlatTags;
  /** Since when its sum counts: that of its first member, which may not change without a reason. */
  readonly start: number;
  readonly members: Set<MergedSeries> = new Set();
  /** What members had that were given up. */
  readonly rest: Sum = new Sum();
  readonly restDistribution: Distribution | undefined;
  /** The highest sum so far: in another order of adding, rounding may give a little less. */
  highest = 0;

  constructor(variant: Variant, tags: FlatTags, start: number) {
    this.variant = variant;
    this.tags = tags;
    this.start = start;
    if (variant.info.kind === "histogram") this.restDistribution = new Distribution();
  }

  /** Gives up a member, but not what it has counted. */
  release({ sum, distribution }: MergedSeries): void {
    this.rest.value += sum.value;
    this.rest.carried += sum.carried;
    if (distribution === undefined) return;
    this.restDistribution?.value.merge(distribution.value);
    if (distribution.carried !== undefined) this.restDistribution?.carry(distribution.carried);
  }
}
