import type { Attributes } from "../attributes.ts";
import type { DropReason } from "./contract.ts";
import type { Drops } from "./drops.ts";
import type { BoundCounter, BoundRecorder, InstrumentInfo } from "./instruments.ts";

/** Something that gives series by their attributes: an instrument, or what takes the place of one that was refused. */
export interface SeriesOf<S> {
  readonly info: InstrumentInfo;
  series(attributes?: Attributes): S;
}

/** What those hold who add: counters and up-down counters. */
export class Adder {
  readonly info: InstrumentInfo;
  readonly #of: SeriesOf<BoundCounter>;

  constructor(of: SeriesOf<BoundCounter>) {
    this.info = of.info;
    this.#of = of;
  }

  add(value: number, attributes?: Attributes): void {
    this.#of.series(attributes).add(value);
  }

  bind(attributes?: Attributes): BoundCounter {
    return this.#of.series(attributes);
  }
}

/** What those hold who record: gauges and histograms. */
export class Recorder {
  readonly info: InstrumentInfo;
  readonly #of: SeriesOf<BoundRecorder>;

  constructor(of: SeriesOf<BoundRecorder>) {
    this.info = of.info;
    this.#of = of;
  }

  record(value: number, attributes?: Attributes): void {
    this.#of.series(attributes).record(value);
  }

  bind(attributes?: Attributes): BoundRecorder {
    return this.#of.series(attributes);
  }
}

/** Takes the place of an instrument that there cannot be: drops and counts. */
export class Refused
  implements SeriesOf<BoundCounter & BoundRecorder>, BoundCounter, BoundRecorder
{
  readonly info: InstrumentInfo;
  readonly #drops: Drops;
  readonly #reason: DropReason;

  constructor(info: InstrumentInfo, drops: Drops, reason: DropReason) {
    this.info = info;
    this.#drops = drops;
    this.#reason = reason;
  }

  series(): this {
    return this;
  }

  add(): void {
    this.#drops.add(this.#reason);
  }

  record(): void {
    this.#drops.add(this.#reason);
  }
}
