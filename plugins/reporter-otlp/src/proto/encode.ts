import type { Message } from "../model/common.ts";
import { type MessageName, SCHEMA } from "./schema.ts";
import { ProtoWriter } from "./writer.ts";

type Write = (writer: ProtoWriter, value: never) => void;
type Field = (writer: ProtoWriter, value: unknown) => void;

/** How values are written: the kind on the wire, and what writes them. */
const SCALARS: Readonly<Record<string, readonly [wire: number, write: Write]>> = {
  varint: [0, (writer, value: number) => writer.varint(value)],
  int64: [0, (writer, value: number) => writer.int64(value)],
  bool: [0, (writer, value: boolean) => writer.varint(value ? 1 : 0)],
  sint32: [0, (writer, value: number) => writer.varint(value < 0 ? -2 * value - 1 : 2 * value)],
  fixed64: [1, (writer, value: number | string) => writer.fixed64(value)],
  double: [1, (writer, value: number) => writer.double(value)],
  string: [2, (writer, value: string) => writer.text(value, "utf8")],
  hex: [2, (writer, value: string) => writer.text(value, "hex")],
  fixed32: [5, (writer, value: number) => writer.fixed32(value)],
};
const SIZED = 2;

const MESSAGES: ReadonlyMap<string, ReadonlyMap<string, Field>> = new Map(
  Object.entries(SCHEMA).map(([name, fields]) => [
    name,
    new Map(
      Object.entries(fields).map(([field, [number, type]]) => [field, fieldOf(number, type)]),
    ),
  ]),
);

/** A message as protobuf. Every field that is there is written, also one that has the value of one that is not. */
export function encode(name: MessageName, message: Message): Buffer {
  const writer = new ProtoWriter();
  write(writer, name, message);
  return writer.bytes;
}

function write(writer: ProtoWriter, name: string, message: Message): void {
  const fields = MESSAGES.get(name);
  for (const field in message) {
    const known = fields?.get(field);
    if (known === undefined) throw new Error(`${name} has no field ${field}`);
    known(writer, message[field]);
  }
}

function fieldOf(number: number, type: string): Field {
  const plain = type.replace(/\*|\[\]/, "");
  const scalar = SCALARS[plain];
  if (type.endsWith("[]")) {
    const one = (scalar as readonly [number, Write])[1];
    return (writer, values) => {
      writer.varint(number * 8 + SIZED);
      writer.sized(() => {
        for (const value of values as readonly never[]) one(writer, value);
      });
    };
  }
  if (scalar !== undefined) {
    const [wire, one] = scalar;
    return (writer, value) => {
      writer.varint(number * 8 + wire);
      one(writer, value as never);
    };
  }
  const message: Field = (writer, value) => {
    writer.varint(number * 8 + SIZED);
    writer.sized(() => write(writer, plain, value as Message));
  };
  if (!type.endsWith("*")) return message;
  return (writer, values) => {
    for (const value of values as readonly Message[]) message(writer, value);
  };
}
