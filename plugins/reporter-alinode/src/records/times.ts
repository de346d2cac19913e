const two = (value: number): string => String(value).padStart(2, "0");

/** The day of a time here, as the names of files have it: `20261120`. */
export function dayOf(time: number): string {
  const date = new Date(time);
  return `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
}

/** A time here with exactly six digits behind the point: `2026-11-20 10:00:00.123456`. */
export function localTime(time: number): string {
  const date = new Date(time);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  const micros = Math.floor((((time % 1000) + 1000) % 1000) * 1000);
  return `${day} ${clock}.${String(micros).padStart(6, "0")}`;
}
