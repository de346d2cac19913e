import { randomFillSync } from "node:crypto";
import { TraceId } from "../wire/ids.ts";

/** How many random numbers are asked for at a time. */
const POOL = 1024;
const pool = new Int32Array(POOL);
let at = POOL;

/** 32 random bits, as a number with a sign. */
export function randomBits(): number {
  if (at === POOL) {
    randomFillSync(pool);
    at = 0;
  }
  const bits = pool[at] as number;
  at += 1;
  return bits;
}

/** A part of an id, which is to have something else than zeros in it. */
export function randomPart(): number {
  for (;;) {
    const bits = randomBits();
    if (bits !== 0) return bits;
  }
}

export function newTraceId(): TraceId {
  return new TraceId(randomPart(), randomBits(), randomBits(), randomBits());
}
