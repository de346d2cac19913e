import type { Series, Written } from "./samples.ts";
import { ProtoWriter, sizeOfNumber, sizeOfSized, sizeOfText } from "./writer.ts";

const TYPES = { counter: 1, gauge: 2, histogram: 3 } as const;
/** Of a double with the number of its field. */
const DOUBLE = 9;

/** `prometheus.WriteRequest` as protobuf: timeseries 1, metadata 3. Sizes stand in front, so they are counted first. */
export function encodeRequest({ series, families }: Pick<Written, "series" | "families">): Buffer {
  const writer = new ProtoWriter();
  for (const one of series) writeSeries(writer, one);
  for (const { name, type, help, unit } of families) {
    const size = sizeOfNumber(TYPES[type]) + sizeOfText(name) + sizeOfText(help) + sizeOfText(unit);
    writer.begin(3, size);
    writer.number(1, TYPES[type]);
    writer.text(2, name);
    writer.text(4, help);
    writer.text(5, unit);
  }
  return writer.bytes;
}

/** `TimeSeries`: labels 1 with name 1 and value 2, samples 2 with value 1 and timestamp 2. */
function writeSeries(writer: ProtoWriter, { labels, samples }: Series): void {
  const sizes = labels.map(([name, value]) => sizeOfText(name) + sizeOfText(value));
  const times = samples.map(({ time }) => DOUBLE + sizeOfNumber(time));
  writer.begin(
    1,
    [...sizes, ...times].reduce((sum, size) => sum + sizeOfSized(size), 0),
  );
  labels.forEach(([name, value], at) => {
    writer.begin(1, sizes[at] as number);
    writer.text(1, name);
    writer.text(2, value);
  });
  samples.forEach(({ value, time }, at) => {
    writer.begin(2, times[at] as number);
    writer.double(1, value);
    writer.number(2, time);
  });
}
