import { readRecord } from "./control.ts";
import { protocolError } from "./errors.ts";
import { MAX_RECORDS } from "./limits.ts";
import type { Structures } from "./msgpackr.ts";

/** The list of a reader as msgpackr takes it. */
export let structuresOf: (reader: RecordReader) => Structures;

/** The records that one sender has declared: what its bodies can be read with. */
export class RecordReader {
  #structures = sealed([]);

  static {
    structuresOf = (reader) => reader.#structures;
  }

  /** How many there are: the number of the next one. */
  get size(): number {
    return this.#structures.length;
  }

  /**
   * Takes the next record, with the names of its fields in order.
   * @throws ELPIS_PROTOCOL_INVALID
   */
  add(keys: readonly string[]): void {
    const names = [...readRecord(keys)];
    if (this.size === MAX_RECORDS)
      throw protocolError(`there are more than ${MAX_RECORDS} records`);
    this.#structures = sealed([...this.#structures, names]);
  }
}

/** Bytes of all these names. */
export function bytesOf(names: readonly string[]): number {
  let bytes = 0;
  for (const name of names) bytes += Buffer.byteLength(name);
  return bytes;
}

/**
 * A list that no body can add to, nor change: to msgpackr, a body may also define records. It marks what it would have to
 * put back afterwards on the list itself, which fails.
 */
export function sealed(lists: string[][]): Structures {
  for (const names of lists) Object.assign(names, { isShared: true });
  return Object.preventExtensions(Object.assign(lists, { sharedLength: lists.length }));
}
