import { parseDuration } from "@elpis/api";
import { usageError } from "./errors.ts";

/** A span for a person: `0.4 s`, `12 s`, `3m 4s`, `2h 5m`, `3d 4h`. */
export function formatDuration(valueMs: number): string {
  const seconds = Math.max(0, valueMs) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** Milliseconds of a span on the command line, at least 1. @throws ELPIS_CLI_USAGE */
export function readDuration(option: string, text: string): number {
  const valueMs = parseDuration(text);
  if (valueMs === undefined || valueMs === 0) {
    throw usageError(`${option} ${text}: expected a span such as 500ms, 10s, 2m, 1h`);
  }
  return valueMs;
}
