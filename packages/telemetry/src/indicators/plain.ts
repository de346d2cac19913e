const MAX_DEPTH = 32;
/** Roughly, for a number, a date or whatever holds a value. */
const CELL_BYTES = 9;

/** A value that can be sent and about how many bytes it takes, or why it cannot be. */
export type Measured =
  | { readonly ok: true; readonly bytes: number }
  | { readonly ok: false; readonly why: string };

/** Looks whether a value is plain data of at most `maxBytes`. Never throws, whatever it is given. */
export function measure(value: unknown, maxBytes: number): Measured {
  const scale = { left: maxBytes };
  try {
    const why = weigh(value, 0, scale, maxBytes);
    return why === undefined ? { ok: true, bytes: maxBytes - scale.left } : { ok: false, why };
  } catch (error) {
    return {
      ok: false,
      why: `reading it throws (${error instanceof Error ? error.message : "?"})`,
    };
  }
}

function weigh(
  value: unknown,
  depth: number,
  scale: { left: number },
  maxBytes: number,
): string | undefined {
  scale.left -= CELL_BYTES;
  if (typeof value === "string") scale.left -= Buffer.byteLength(value);
  if (value instanceof Uint8Array) scale.left -= value.byteLength;
  if (scale.left < 0) return `it has more than ${maxBytes} bytes`;
  if (typeof value === "function" || typeof value === "symbol") return `it holds a ${typeof value}`;
  if (typeof value !== "object" || value === null) return undefined;
  if (value instanceof Uint8Array || value instanceof Date) return undefined;
  // What refers to itself is endless as well.
  if (depth >= MAX_DEPTH) return `it is nested more than ${MAX_DEPTH} levels deep`;
  for (const [key, inner] of partsOf(value)) {
    if (typeof key === "string") scale.left -= Buffer.byteLength(key);
    const why = weigh(inner, depth + 1, scale, maxBytes);
    if (why !== undefined) return why;
  }
  return undefined;
}

function partsOf(value: object): Iterable<readonly [unknown, unknown]> {
  if (Array.isArray(value)) return value.entries();
  if (value instanceof Map || value instanceof Set) return value.entries();
  if (value instanceof Promise) throw new TypeError("it holds a promise");
  return Object.entries(value);
}
