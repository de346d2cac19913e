import { errorToData } from "@elpis/api";
import { Packed } from "./extensions.ts";
import { MAX_RECORD_KEYS } from "./limits.ts";
import {
  ERROR_ENTRIES,
  Ext,
  FORBIDDEN_KEY,
  MAX_BIGINT_BYTES,
  MAX_MAP_ENTRIES,
  MAX_VALUE_DEPTH,
  MAX_VALUE_ENTRIES,
} from "./values.ts";

/** Packs a prepared value by itself. */
export type PackInside = (value: object) => Uint8Array;

/** Nothing with more text and bytes is packed, whatever the limit for frames: references can stand for endless text. */
const MAX_UNITS = 256 * 1024 * 1024;
/** By this name msgpackr keeps something of its own among the names of fields. */
const MSGPACKR_KEY = "__keys__";
const NEGATIVE_ZERO = new Packed(Buffer.from("cb8000000000000000", "hex"));
/** Every NaN as the same bytes. */
const NOT_A_NUMBER = new Packed(Buffer.from("cb7ff8000000000000", "hex"));

// What is being walked through. A walk is synchronous, so this is kept here and not handed from step to step.
/** Entries that lists and maps may still have. */
let entries = 0;
/** Units of text and bytes that there may still be. */
let units = 0;
let packInside: PackInside = () => new Uint8Array();
/** Whether objects may become records. */
let sharing = false;

/**
 * What msgpackr is to pack for `value`: itself if it holds nothing but what msgpackr writes as the protocol wants it, else
 * a copy in which other things stand for the rest.
 * @param inside packs the content of extensions, and objects that must not become records
 * @throws TypeError, RangeError for what cannot be sent
 */
export function prepare(value: unknown, inside: PackInside, records: boolean): unknown {
  // A getter or toJSON may pack, while its own value is being walked through.
  const outerEntries = entries;
  const outerUnits = units;
  const outerInside = packInside;
  const outerSharing = sharing;
  entries = MAX_VALUE_ENTRIES;
  units = MAX_UNITS;
  packInside = inside;
  sharing = records;
  try {
    return walk(value, 0);
  } finally {
    entries = outerEntries;
    units = outerUnits;
    packInside = outerInside;
    sharing = outerSharing;
  }
}

// This runs for every value that is sent. How it is put costs or saves half of its time: objects first, texts and numbers
// in fields without a call, and `hasOwnProperty` by its full name, which the engine knows.

function walk(value: unknown, depth: number): unknown {
  if (typeof value === "object") {
    if (value === null) return value;
    if (value.constructor === Object) return walkFields(value as Fields, depth + 1);
    if (Array.isArray(value)) return walkList(value, depth + 1);
    return walkSpecial(value, depth + 1);
  }
  switch (typeof value) {
    case "string":
      spendUnits(value.length);
      return value;
    case "number":
      if (value === 0) return 1 / value < 0 ? NEGATIVE_ZERO : value;
      return Number.isNaN(value) ? NOT_A_NUMBER : value;
    case "boolean":
    case "undefined":
      return value;
    case "bigint":
      return walkBigint(value);
    default:
      throw new TypeError(`a ${typeof value} has no value`);
  }
}

type Fields = Record<string, unknown>;

function spendUnits(count: number): void {
  units -= count;
  if (units < 0) throw new RangeError("it is too large");
}

function spend(count: number): void {
  entries -= count;
  if (entries < 0) throw new RangeError("it has too many entries");
}

function checkDepth(depth: number): void {
  if (depth > MAX_VALUE_DEPTH) throw new RangeError("it lies too deep, or in itself");
}

function walkList(list: readonly unknown[], depth: number): readonly unknown[] {
  checkDepth(depth);
  const count = list.length;
  spend(count);
  // One of another class, or of another realm, might be taken for something else.
  let copy = list.constructor === Array ? undefined : Array.from(list);
  for (let index = 0; index < count; index++) {
    const element = list[index];
    const stand = walk(element, depth);
    if (stand !== element) {
      copy ??= list.slice();
      copy[index] = stand;
    }
  }
  return copy ?? list;
}

/** The own fields of an object of class Object. */
function walkFields(fields: Fields, depth: number): Fields | Packed {
  checkDepth(depth);
  let copy: Fields | undefined;
  let count = 0;
  let length = 0;
  let mayBeRecord = true;
  for (const key in fields) {
    // biome-ignore lint/suspicious/noPrototypeBuiltins: twice as fast as Object.hasOwn in such a loop
    if (!Object.prototype.hasOwnProperty.call(fields, key)) continue;
    if (key === FORBIDDEN_KEY) throw new TypeError("a key is __proto__");
    if (key === MSGPACKR_KEY) mayBeRecord = false;
    count++;
    length += key.length;
    const field = fields[key];
    let stand: unknown = field;
    if (typeof field === "string") length += field.length;
    else if (typeof field !== "number" || field === 0 || Number.isNaN(field)) {
      stand =
        typeof field === "object" && field !== null && field.constructor === Object
          ? walkFields(field as Fields, depth + 1)
          : walk(field, depth);
      if (stand !== field) copy ??= fieldsBefore(fields, key);
    }
    if (copy !== undefined) copy[key] = stand;
  }
  if (count > MAX_MAP_ENTRIES) throw new RangeError("a map has too many keys");
  spend(count);
  spendUnits(length);
  const prepared = copy ?? fields;
  return sharing && !(mayBeRecord && count <= MAX_RECORD_KEYS)
    ? new Packed(Buffer.from(packInside(prepared)))
    : prepared;
}

function fieldsBefore(fields: Fields, end: string): Fields {
  const copy: Fields = {};
  for (const key in fields) {
    if (key === end) break;
    if (Object.hasOwn(fields, key)) copy[key] = fields[key];
  }
  return copy;
}

/** Anything else that is an object. */
function walkSpecial(value: object, depth: number): unknown {
  checkDepth(depth);
  if (ArrayBuffer.isView(value)) return walkBytes(value);
  // The tag, and not the class: another realm, such as a sandbox of tests, has classes of its own.
  switch (Object.prototype.toString.call(value)) {
    case "[object Date]":
      return walkDate(value as Date);
    case "[object Map]":
      return contained(Ext.map, pairs(value as Map<unknown, unknown>), depth);
    case "[object Set]":
      return contained(Ext.set, [...(value as Set<unknown>)], depth);
    case "[object Error]":
      return contained(Ext.error, errorToData(value), depth);
    case "[object ArrayBuffer]":
    case "[object SharedArrayBuffer]":
      return walkBytes(new Uint8Array(value as ArrayBuffer));
    case "[object RegExp]":
    case "[object Promise]":
    case "[object WeakMap]":
    case "[object WeakSet]":
    case "[object WeakRef]":
    case "[object Number]":
    case "[object String]":
    case "[object Boolean]":
      throw new TypeError(`a ${value.constructor.name} has no value`);
  }
  if (value instanceof Error) return contained(Ext.error, errorToData(value), depth);
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") {
    const stand: unknown = toJSON.call(value, "");
    if (stand !== value) return walk(stand, depth);
  }
  return walkFields(ownFields(value), depth);
}

/** Fields are read once: which class the object has means nothing to msgpackr then. */
function ownFields(value: object): Fields {
  const fields: Fields = {};
  for (const key of Object.keys(value)) {
    if (key === FORBIDDEN_KEY) throw new TypeError("a key is __proto__");
    fields[key] = (value as Fields)[key];
  }
  return fields;
}

function walkBytes(value: ArrayBufferView): Uint8Array {
  spendUnits(value.byteLength);
  const made = value.constructor;
  if (made === Buffer || made === Uint8Array) return value as Uint8Array;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

function walkDate(value: Date): Date {
  const ms = value.getTime();
  if (Number.isNaN(ms)) throw new RangeError("a date is not valid");
  return value instanceof Date ? value : new Date(ms);
}

function pairs(map: Map<unknown, unknown>): unknown[] {
  if (map.size > MAX_MAP_ENTRIES) throw new RangeError("a map has too many keys");
  const list: unknown[] = [];
  for (const [key, value] of map) list.push(key, value);
  return list;
}

/** An extension with one value inside. */
function contained(type: number, value: object, depth: number): Packed {
  spend(type === Ext.error ? ERROR_ENTRIES : 1);
  return extension(type, packInside(walk(value, depth) as object));
}

function walkBigint(value: bigint): bigint | Packed {
  if (BigInt.asIntN(64, value) === value || BigInt.asUintN(64, value) === value) return value;
  const digits = (value < 0n ? ~value : value).toString(16);
  // The highest bit is the sign.
  const size = (digits.length >> 1) + (digits.length % 2 === 1 || digits >= "8" ? 1 : 0);
  if (size > MAX_BIGINT_BYTES) throw new RangeError("an integer is too large");
  const content = BigInt.asUintN(size * 8, value)
    .toString(16)
    .padStart(size * 2, "0");
  return extension(Ext.bigint, Buffer.from(content, "hex"));
}

/** The content behind the smallest header with a length. */
function extension(type: number, content: Uint8Array): Packed {
  const { length } = content;
  spendUnits(length);
  const size = length < 0x100 ? 1 : length < 0x10000 ? 2 : 4;
  const bytes = Buffer.allocUnsafe(2 + size + length);
  bytes[0] = size === 1 ? 0xc7 : size === 2 ? 0xc8 : 0xc9;
  bytes.writeUIntBE(length, 1, size);
  bytes[1 + size] = type;
  bytes.set(content, 2 + size);
  return new Packed(bytes);
}
