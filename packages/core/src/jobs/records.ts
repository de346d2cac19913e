import { crc32 } from "node:zlib";
import type { Location } from "@elpis/api";
import { BodyCodec, HEADER_BYTES } from "@elpis/protocol";

/** What a record begins with: its length and its checksum, both u32 little-endian. */
export const PREFIX_BYTES = 8;
/** A record is packed behind room for a frame's header, whose last bytes become its prefix. */
const ROOM = HEADER_BYTES - PREFIX_BYTES;
/** The first byte of a msgpack array of at most 15 values, which every record is. */
const FIXARRAY = 0x90;

const Type = { put: 1, tried: 2, done: 3, dead: 4, revived: 5, discarded: 6 } as const;

/** A job, as far as a journal keeps it. Times are of the wall clock: the monotonic one begins anew with the machine. */
export interface PutRecord {
  readonly type: "put";
  readonly topic: string;
  readonly id: string;
  readonly payload: Uint8Array;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly ackDeadlineMs: number;
  readonly delayMs: number;
  /** When it was enqueued, in milliseconds since 1970. */
  readonly atMs: number;
  readonly from: Location;
  /** What travels with it. */
  readonly extension?: Uint8Array;
}

/**
 * What became of a job. Each says how things are and not by how much they changed, so that replaying one twice, or one
 * that the job's own record contains already, changes nothing.
 */
export type JournalRecord =
  | PutRecord
  | {
      readonly type: "tried";
      readonly topic: string;
      readonly id: string;
      readonly attempts: number;
    }
  | { readonly type: "done"; readonly topic: string; readonly id: string }
  | {
      readonly type: "dead";
      readonly topic: string;
      readonly id: string;
      readonly attempts: number;
      readonly reason: string;
    }
  | { readonly type: "revived" | "discarded"; readonly topic: string; readonly id: string };

const codec = new BodyCodec();

/** The bytes of a record, prefix included. */
export function encodeRecord(record: JournalRecord): Buffer {
  const frame = codec.frame(fieldsOf(record), 0, 0, 0, 0, 0);
  const bytes = frame.subarray(ROOM);
  const body = bytes.subarray(PREFIX_BYTES);
  bytes.writeUInt32LE(body.length, 0);
  bytes.writeUInt32LE(crc32(body), 4);
  return bytes;
}

/** Length of the record at `at` with its prefix, if it is whole and unharmed. */
export function soundLength(bytes: Buffer, at: number): number | undefined {
  const start = at + PREFIX_BYTES;
  if (start > bytes.length) return undefined;
  const end = start + bytes.readUInt32LE(at);
  if (end === start || end > bytes.length) return undefined;
  if (((bytes[start] as number) & 0xf0) !== FIXARRAY) return undefined;
  return crc32(bytes.subarray(start, end)) === bytes.readUInt32LE(at + 4) ? end - at : undefined;
}

/** The record in `bytes[at..at + length)`; undefined when it is of a kind that this version does not know. */
export function decodeRecord(bytes: Buffer, at: number, length: number): JournalRecord | undefined {
  const fields = codec.unpack(bytes, at + PREFIX_BYTES, at + length) as unknown[];
  const [type, topic, id] = fields as [number, string, string];
  switch (type) {
    case Type.put: {
      const [, , , payload, attempts, maxAttempts, ackDeadlineMs, delayMs, atMs, from, extra] =
        fields as PutFields;
      // A view would keep the whole piece of the file in memory.
      const own = Uint8Array.prototype.slice.call(payload);
      const job = { topic, id, payload: own, attempts, maxAttempts, ackDeadlineMs, delayMs };
      const extension = extra && Uint8Array.prototype.slice.call(extra);
      return { type: "put", ...job, atMs, from, ...(extension && { extension }) };
    }
    case Type.tried:
      return { type: "tried", topic, id, attempts: fields[3] as number };
    case Type.done:
      return { type: "done", topic, id };
    case Type.dead: {
      const [, , , attempts, reason] = fields as [number, string, string, number, string];
      return { type: "dead", topic, id, attempts, reason };
    }
    case Type.revived:
      return { type: "revived", topic, id };
    case Type.discarded:
      return { type: "discarded", topic, id };
    default:
      return undefined;
  }
}

type PutFields = [
  type: number,
  topic: string,
  id: string,
  payload: Uint8Array,
  attempts: number,
  maxAttempts: number,
  ackDeadlineMs: number,
  delayMs: number,
  atMs: number,
  from: Location,
  /** Only where there is one: versions before did not write it. */
  extension?: Uint8Array,
];

function fieldsOf(record: JournalRecord): unknown[] {
  const { type, topic, id } = record;
  switch (type) {
    case "put": {
      const { payload, attempts, maxAttempts, ackDeadlineMs, delayMs, atMs, from } = record;
      const job = [attempts, maxAttempts, ackDeadlineMs, delayMs, atMs, from];
      const { extension } = record;
      return [Type.put, topic, id, payload, ...job, ...(extension ? [extension] : [])];
    }
    case "tried":
      return [Type.tried, topic, id, record.attempts];
    case "dead":
      return [Type.dead, topic, id, record.attempts, record.reason];
    default:
      return [Type[type], topic, id];
  }
}
