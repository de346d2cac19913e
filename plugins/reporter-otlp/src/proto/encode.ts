import type { Message } from "../model/common.ts";
import { type MessageName, SCHEMA } from "./schema.ts";
import { ProtoWriter } from "./writer.ts";

type Fields = Readonly<Record<string, readonly [number, string]>>;
type Scalar = readonly [wire: number, write: (writer: ProtoWriter, value: never) => void];

/** How values are written. */
const SCALARS: Readonly<Record<string, Scalar>> = {
  varint: [0, (writer, value: number) => writer.varint(value)],
  int64: [0, (writer, value: number) => writer.int64(value)],
  bool: [0, (writer, value: boolean) => writer.varint(value ? 1 : 0)],
  sint32: [0, (writer, value: number) => writer.varint(value < 0 ? -2 * value - 1 : 2 * value)],
  fixed64: [1, (writer, value: number | string) => writer.fixed64(value)],
  double: [1, (writer, value: number) => writer.double(value)],
  string: [2, (writer, value: string) => writer.sized(Buffer.from(value))],
  hex: [2, (writer, value: string) => writer.sized(Buffer.from(value, "hex"))],
  fixed32: [5, (writer, value: number) => writer.fixed32(value)],
};
const SIZED = 2;

/** A message as protobuf. Every field that is there is written, also one that has the value of one that is not. */
export function encode(name: MessageName, message: Message): Buffer {
  const writer = new ProtoWriter();
  const fields = SCHEMA[name] as Fields;
  for (const [field, value] of Object.entries(message)) {
    const known = fields[field];
    if (known === undefined) throw new Error(`${name} has no field ${field}`);
    put(writer, known, value);
  }
  return writer.bytes;
}

function put(writer: ProtoWriter, [number, type]: readonly [number, string], value: unknown): void {
  const plain = type.replace(/\*|\[\]/, "");
  const scalar = SCALARS[plain];
  if (type.endsWith("[]")) {
    const packed = new ProtoWriter();
    for (const one of value as readonly never[]) (scalar as Scalar)[1](packed, one);
    writer.varint(number * 8 + SIZED);
    writer.sized(packed.bytes);
  } else if (scalar !== undefined) {
    writer.varint(number * 8 + scalar[0]);
    scalar[1](writer, value as never);
  } else {
    const many = type.endsWith("*") ? (value as readonly Message[]) : [value as Message];
    for (const one of many) {
      writer.varint(number * 8 + SIZED);
      writer.sized(encode(plain as MessageName, one));
    }
  }
}
