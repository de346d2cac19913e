import type { FileHandle } from "node:fs/promises";
import { readRange } from "./plain.ts";

/** So many bytes tell how a file begins. */
export const HEAD = 256;

/** Where reading of a log stopped, so that following it goes on from there. */
export interface LogPosition {
  /** Tells the file apart from the one that takes its place; 0 when there was none. */
  readonly inode: number;
  readonly offset: number;
  /** How the file begins: it has the same begin under another name, and when it is compressed. */
  readonly head: Buffer;
}

/** Before there is a file. */
export const NOWHERE: LogPosition = { inode: 0, offset: 0, head: Buffer.alloc(0) };

/** The begin of a file, of which `head` is known and `chunk` comes behind what was read of it. */
export function longerHead(head: Buffer, chunk: Buffer): Buffer {
  return head.length === HEAD ? head : Buffer.concat([head, chunk.subarray(0, HEAD - head.length)]);
}

/** Whether a file begins like the one that was read. */
export async function isSameFile(handle: FileHandle, { head }: LogPosition): Promise<boolean> {
  return head.length === 0 || (await readRange(handle, 0, head.length)).equals(head);
}
