import type { ExemplarClock } from "../exemplars/recorded.ts";
import type { FlatTags } from "../tags.ts";
import type { Drops } from "./drops.ts";
import { Adder, Recorder, Refused } from "./handles.ts";
import { Instrument, type InstrumentContext } from "./instrument.ts";
import type { InstrumentInfo, Kind } from "./instruments.ts";
import { ObservableHandle } from "./observable.ts";
import {
  CounterSeries,
  GaugeSeries,
  HistogramSeries,
  type Series,
  UpDownSeries,
} from "./series.ts";

/** What somebody who asked for an instrument gets. */
export type Handle = Adder | Recorder | ObservableHandle;

const CREATE = {
  counter: CounterSeries,
  upDownCounter: UpDownSeries,
  gauge: GaugeSeries,
} as const;

const isAdder = (kind: Kind): boolean => kind === "counter" || kind === "upDownCounter";

/** Makes an instrument. */
export function makeHandle(
  info: InstrumentInfo,
  context: Omit<InstrumentContext<Series>, "create">,
  isObservable: boolean,
  clock: ExemplarClock,
): Handle {
  const { drops } = context;
  const { kind } = info;
  const create = (ref: number, tags: FlatTags): Series =>
    kind === "histogram"
      ? new HistogramSeries(ref, tags, drops, clock)
      : new CREATE[kind](ref, tags, drops);
  // biome-ignore lint/suspicious/noExplicitAny: which kind of series it has follows from its own kind, which types do not know
  const instrument = new Instrument<any>(info, {
    ...context,
    create,
  });
  if (isObservable) return new ObservableHandle(info, instrument, drops);
  return isAdder(info.kind) ? new Adder(instrument) : new Recorder(instrument);
}

/** Makes what takes the place of an instrument that would be one too many. */
export function refuseHandle(info: InstrumentInfo, drops: Drops, isObservable: boolean): Handle {
  if (isObservable) return new ObservableHandle(info, undefined, drops);
  const refused = new Refused(info, drops, "instrument-limit");
  return isAdder(info.kind) ? new Adder(refused) : new Recorder(refused);
}
