/** As OpenTelemetry keeps time: whole seconds since 1970, and nanoseconds. */
export type HrTime = [seconds: number, nanoseconds: number];

/** Milliseconds, with fractions, as seconds and nanoseconds. */
export function toHrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  const nanoseconds = Math.round((ms - seconds * 1000) * 1e6);
  return nanoseconds < 1e9 ? [seconds, nanoseconds] : [seconds + 1, 0];
}

/** Milliseconds, with fractions. */
export function fromHrTime([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1000 + nanoseconds / 1e6;
}

/** A time and a length of time, added. */
export function addHrTime([seconds, nanoseconds]: HrTime, more: HrTime): HrTime {
  const sum = nanoseconds + more[1];
  return sum < 1e9 ? [seconds + more[0], sum] : [seconds + more[0] + 1, sum - 1e9];
}
