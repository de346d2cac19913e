import { notPackable } from "./errors.ts";
import { MAX_RECORDS } from "./limits.ts";
import { hasHalves, mayHaveHalves, mend } from "./mend.ts";
import { Packr, RESERVE_START_SPACE, RESET_BUFFER_MODE, type Structures } from "./msgpackr.ts";
import { prepare } from "./prepare.ts";
import { Shapes } from "./shapes.ts";

/** Frames are made one behind the other in pieces of memory of this size, so that neighbours can leave together. */
const SLAB_BYTES = 16 * 1024;
/** A larger piece, made for a large frame, is not used for others: one small frame would keep all of it. */
const MAX_SLAB_BYTES = 64 * 1024;
/** After so many packed bytes, what msgpackr has noted about shapes that are no records is dropped. */
const FORGET_BYTES = 256 * 1024;

/** How msgpackr writes objects; all else has been seen to before. */
const OPTIONS = { variableMapSize: true, useToJSON: false } as const;
/** Objects are maps. */
const plain = new Packr({ ...OPTIONS, useRecords: false });
/** The same in a body with records, where some integers are written otherwise. */
const beside = new Packr({ ...OPTIONS, useRecords: () => false });
const shapes = new Shapes();
/** What the process has declared, or will: only ever added to. */
const records: string[][] = [];
const structures: Structures = Object.assign([], { sharedLength: 0 });
const sharing = new Packr({
  ...OPTIONS,
  structures,
  maxSharedStructures: MAX_RECORDS,
  maxOwnStructures: 0,
  shouldShareStructure: (keys: string[]) => shapes.isWorth(keys),
  saveStructures(all: object[]) {
    for (const keys of (all as string[][]).slice(records.length)) records.push([...keys]);
  },
});

/** Values that are being packed inside one another. */
let depth = 0;
/** Bytes packed since msgpackr's notes were dropped. */
let noted = 0;
newSlab();

/**
 * The records that bodies of this process may use, by number. Who is to read a body must have been told all that there
 * were when it was packed.
 */
export function sharedRecords(): ReadonlyArray<readonly string[]> {
  return records;
}

/**
 * `value` behind `reserved` bytes for a header, in memory that nothing else is written to.
 * @throws ELPIS_PROTOCOL_NOT_PACKABLE
 */
export function packValue(value: unknown, reserved: number): Buffer {
  return pack(value, reserved, plain, packPlain, false);
}

/**
 * The same for a reader of {@link sharedRecords}.
 * @throws ELPIS_PROTOCOL_NOT_PACKABLE
 */
export function packWithRecords(value: unknown, reserved: number): Buffer {
  const frame = pack(value, reserved, sharing, packBeside, true);
  noted += frame.length;
  if (noted > FORGET_BYTES && depth === 0) {
    noted = 0;
    structures.transitions = null;
  }
  return frame;
}

function pack(
  value: unknown,
  reserved: number,
  packr: Packr,
  inside: (value: object) => Buffer,
  mayShare: boolean,
): Buffer {
  let frame: Buffer | undefined;
  depth++;
  try {
    const prepared = prepare(value, inside, mayShare);
    try {
      frame = packMended(packr, prepared, RESERVE_START_SPACE | reserved, reserved);
    } finally {
      // While a value is being packed, the memory is in use.
      if (depth === 1 && (frame?.buffer.byteLength ?? Infinity) > MAX_SLAB_BYTES) newSlab();
    }
    return frame;
  } catch (cause) {
    throw notPackable(cause);
  } finally {
    depth--;
  }
}

// The content of extensions is copied before anything else is written to its memory.

function packPlain(value: object): Buffer {
  return packMended(plain, value, RESET_BUFFER_MODE, 0);
}

function packBeside(value: object): Buffer {
  return packMended(beside, value, RESET_BUFFER_MODE, 0);
}

function packMended(packr: Packr, value: unknown, options: number, start: number): Buffer {
  const bytes = packr.pack(value, options);
  if (!mayHaveHalves(bytes, start) || !hasHalves(value)) return bytes;
  return packr.pack(mend(value), options);
}

function newSlab(): void {
  plain.useBuffer(Buffer.allocUnsafeSlow(SLAB_BYTES));
}
