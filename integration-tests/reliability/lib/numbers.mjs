/** Milliseconds on a clock that all processes of the machine share and nobody sets. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

export const MIB = 1024 * 1024;

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** Lets sockets be read and written. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/** The value below which `share` of the values lie; 0 when there are none. */
export function percentile(values, share) {
  if (values.length === 0) return 0;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Adds to a table of counts. */
export function count(table, key, by = 1) {
  table[key] = (table[key] ?? 0) + by;
}

/** How a table of counts is shown: `DEADLINE 3, LOST 1`, or `none`. */
export function counts(table) {
  const entries = Object.entries(table).filter(([, value]) => value !== 0);
  return entries.map(([key, value]) => `${key} ${value}`).join(", ") || "none";
}

/** Waits until `look` gives something true, and returns that. Fails with what was waited for. */
export async function until(what, look, timeoutMs = 10_000) {
  const end = now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await pause(5);
  }
}

/** `promise`, or `fallback` when it has not settled in time. */
export async function within(promise, ms, fallback) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(fallback), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
