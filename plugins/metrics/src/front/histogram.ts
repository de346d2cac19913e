import { ExponentialHistogram } from "@elpis/telemetry";
import { badMetric } from "../errors.ts";
import { Snapshot } from "./snapshot.ts";

/** Where the values of a histogram are kept: in the store of the process, once it is registered. */
export interface DistributionKeeper {
  record(value: number): void;
  read(): ExponentialHistogram;
}

/** Many values, of which the distribution counts. */
export class Histogram {
  readonly kind = "histogram";
  #keeper: DistributionKeeper;

  constructor(keeper: DistributionKeeper = ownKeeper()) {
    this.#keeper = keeper;
  }

  /** Records a value. Negative ones, and those that are no finite numbers, are left out. */
  update(value: number): void {
    this.#keeper.record(value);
  }

  getCount(): number {
    return this.getSnapshot().count;
  }

  getSnapshot(): Snapshot {
    return new Snapshot(this.#keeper.read());
  }

  /** From now on values are kept there. @throws ELPIS_METRICS_BAD_METRIC when there are some already */
  attach(keeper: DistributionKeeper): void {
    if (this.getCount() > 0) {
      throw badMetric("histogram", "it has values already; register it before the first one");
    }
    this.#keeper = keeper;
  }
}

function ownKeeper(): DistributionKeeper {
  const histogram = new ExponentialHistogram();
  return { record: (value) => void histogram.record(value), read: () => histogram };
}
