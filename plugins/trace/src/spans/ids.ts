import { randomFillSync } from "node:crypto";

/** How many random bytes are asked for at a time. */
const POOL_BYTES = 4096;
const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let at = POOL_BYTES;

/** A random id of so many bytes; never nothing but zeros. It is a text of its own, and no part of another one: those are slow to read. */
function take(bytes: number): string {
  if (at + bytes > POOL_BYTES) {
    randomFillSync(pool);
    at = 0;
  }
  at += bytes;
  for (let one = at - bytes; one < at; one++) {
    if (pool[one] !== 0) return pool.toString("hex", at - bytes, at);
  }
  return take(bytes);
}

export const newTraceId = (): string => take(16);
export const newSpanId = (): string => take(8);
