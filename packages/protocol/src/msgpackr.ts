import { restore } from "./keep-marks.ts";

// The order of these two matters.

import {
  addExtension as addAny,
  Packr,
  RESERVE_START_SPACE,
  RESET_BUFFER_MODE,
  Unpackr,
} from "msgpackr/pack";

restore();

export { Packr, RESERVE_START_SPACE, RESET_BUFFER_MODE, Unpackr };

/** Room for what an extension writes. */
interface Room {
  readonly target: Buffer;
  readonly targetView: DataView;
  readonly position: number;
}

/** How values of one extension type are written and read. */
export interface Extension<T> {
  readonly type: number;
  /** Instances of this are written by `pack`. */
  readonly Class?: abstract new (
    ...args: never[]
  ) => T;
  pack?(value: T, allocate: (bytes: number) => Room): void;
  /** `readAt` reads one value at an offset of the source; it is missing for content of one byte. */
  unpack(content: Buffer, readAt?: (offset: number) => unknown): unknown;
}

/** How msgpackr treats an extension is a matter of its whole copy; this package has one to itself. */
export const addExtension: <T>(extension: Extension<T>) => void = addAny as never;

/** What msgpackr calls structures: lists of names. `sharedLength` says how many of them outlive a body. */
export type Structures = string[][] & { sharedLength: number; transitions?: unknown };
