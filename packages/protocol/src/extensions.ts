import { badBody } from "./errors.ts";
import { addExtension } from "./msgpackr.ts";
import { holdsValue, isLeaf, timestampMs } from "./scan.ts";
import { Ext, errorFromFields } from "./values.ts";

/** Stands in a value for something that is msgpack already. */
export class Packed {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

type ReadAt = (offset: number) => unknown;

/** What msgpackr has of its own: large integers, bundles, errors, references, records, sets, buffers, expressions. */
const FOREIGN = [0x42, 0x62, 0x65, 0x69, 0x70, 0x72, 0x73, 0x74, 0x78];

/** Where the bytes that are being read begin in their memory, and where the body begins in it. */
let base = 0;
let origin = 0;

/** Says where the body begins that msgpackr reads from now on. */
export function beginAt(bytes: Uint8Array, start: number): void {
  base = bytes.byteOffset;
  origin = base + start;
}

/** Says that a body within another is over: msgpackr goes on in a copy of what it had been reading. */
export function resume(start: number): void {
  base = 0;
  origin = start;
}

/** Where the present body begins in what msgpackr reads. */
export function bodyOffset(): number {
  return origin - base;
}

function refuse(content: Uint8Array): never {
  throw badBody("extension", content.byteOffset - origin);
}

/** The one value in the content of an extension. */
function inside(content: Buffer, readAt: ReadAt | undefined, type: number): unknown {
  if (!holdsValue(content, 0, content.length, type)) refuse(content);
  // Content of one byte is a list or a map without anything in it.
  if (readAt === undefined) return type === Ext.error ? {} : [];
  return readAt(content.byteOffset - base);
}

for (const type of FOREIGN) addExtension({ type, unpack: refuse });

addExtension({
  type: Ext.undefined,
  unpack(content) {
    if (!isLeaf(content, 0, content.length, Ext.undefined)) refuse(content);
  },
});

addExtension({
  type: Ext.map,
  unpack(content, readAt) {
    const list = inside(content, readAt, Ext.map) as unknown[];
    const map = new Map<unknown, unknown>();
    for (let index = 0; index < list.length; index += 2) map.set(list[index], list[index + 1]);
    return map;
  },
});

addExtension({
  type: Ext.set,
  unpack: (content, readAt) => new Set(inside(content, readAt, Ext.set) as unknown[]),
});

addExtension({
  type: Ext.error,
  unpack: (content, readAt) =>
    errorFromFields(inside(content, readAt, Ext.error) as Record<string, unknown>),
});

addExtension({
  type: Ext.bigint,
  unpack(content) {
    if (!isLeaf(content, 0, content.length, Ext.bigint)) refuse(content);
    const { buffer, byteOffset, length } = content;
    const magnitude = BigInt(`0x${Buffer.from(buffer, byteOffset, length).toString("hex")}`);
    return BigInt.asIntN(length * 8, magnitude);
  },
});

addExtension({
  // msgpackr wants a type, which is never written.
  type: FOREIGN[0] as number,
  Class: Packed,
  unpack: refuse,
  pack({ bytes }, allocate) {
    const { target, position } = allocate(bytes.length);
    target.set(bytes, position);
  },
});

addExtension({
  type: Ext.date,
  Class: Date,
  unpack(content) {
    if (!isLeaf(content, 0, content.length, Ext.date)) refuse(content);
    return new Date(timestampMs(content, 0, content.length));
  },
  pack(date, allocate) {
    const ms = date.getTime();
    const seconds = Math.floor(ms / 1000);
    const nanos = (ms - seconds * 1000) * 1_000_000;
    const high = Math.floor(seconds / 2 ** 32);
    const low = seconds - high * 2 ** 32;
    if (high === 0 && nanos === 0) {
      const { targetView, position } = allocate(6);
      targetView.setUint16(position, 0xd600 | Ext.date);
      targetView.setUint32(position + 2, low);
    } else if (high >= 0 && high < 4) {
      const { targetView, position } = allocate(10);
      targetView.setUint16(position, 0xd700 | Ext.date);
      targetView.setUint32(position + 2, nanos * 4 + high);
      targetView.setUint32(position + 6, low);
    } else {
      const { target, targetView, position } = allocate(15);
      target[position] = 0xc7;
      targetView.setUint16(position + 1, 0x0c00 | Ext.date);
      targetView.setUint32(position + 3, nanos);
      targetView.setInt32(position + 7, high);
      targetView.setUint32(position + 11, low);
    }
  },
});
