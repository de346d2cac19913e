import type { Written } from "./samples.ts";

const TYPES = { counter: 1, gauge: 2, histogram: 3 } as const;

/** `prometheus.WriteRequest` as protobuf: timeseries 1, metadata 3. */
export function encodeRequest({ series, families }: Pick<Written, "series" | "families">): Buffer {
  return Buffer.concat([
    ...series.map(({ labels, samples }) =>
      sized(
        1,
        ...labels.map(([name, value]) => sized(1, text(1, name), text(2, value))),
        ...samples.map(({ value, time }) => sized(2, double(1, value), number(2, time))),
      ),
    ),
    ...families.map(({ name, type, help, unit }) =>
      sized(3, number(1, TYPES[type]), text(2, name), text(4, help), text(5, unit)),
    ),
  ]);
}

/** A whole number from 0 to 2^53, seven bits at a time. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return bytes;
}

function number(field: number, value: number): Buffer {
  return Buffer.from([field * 8, ...varint(Math.max(0, value))]);
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(9, field * 8 + 1);
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

function text(field: number, value: string): Buffer {
  return sized(field, Buffer.from(value));
}

/** Bytes, a text or a message, with its length in front. */
function sized(field: number, ...parts: readonly Buffer[]): Buffer {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([Buffer.from([field * 8 + 2, ...varint(size)]), ...parts]);
}
