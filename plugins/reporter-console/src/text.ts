import type { PointSource, SignalTags, TagValue } from "@elpis/api";

const MAX_CHARS = 200;

/** A text in one line that no terminal takes for a command; a long one is cut. */
export function clean(text: string, max: number = MAX_CHARS): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ").trim();
  const chars = [...line];
  return chars.length > max ? `${chars.slice(0, max - 1).join("")}…` : line;
}

/** A number as a person reads it: three digits behind the point at most, thousands apart. */
export function number(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e15)) return value.toPrecision(4);
  return value.toLocaleString("en-US", { maximumFractionDigits: 3 }).replaceAll(",", " ");
}

/** `method=GET status=200`. */
export function tags(all: SignalTags): string {
  return Object.entries(all)
    .map(([key, value]) => `${clean(key)}=${quoted(value)}`)
    .join(" ");
}

function quoted(value: TagValue | readonly TagValue[]): string {
  const text = clean(Array.isArray(value) ? value.join(",") : String(value));
  return text === "" || /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}

/** `shop web.0`. */
export function source({ app, name, index }: PointSource): string {
  const process = [name, index].filter((part) => part !== undefined).join(".");
  return clean([app, process].filter((part) => part !== undefined && part !== "").join(" "));
}

/** The time of the day, in local time. @param ms milliseconds since 1970 */
export function clock(ms: number): string {
  const date = new Date(ms);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  const millis = String(date.getMilliseconds()).padStart(3, "0");
  return `${parts.map((part) => String(part).padStart(2, "0")).join(":")}.${millis}`;
}
