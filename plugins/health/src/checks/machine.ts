import { statfs } from "node:fs/promises";
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import { parseSize, type Size } from "@elpis/api";
import { notWell } from "../errors.ts";
import type { CheckFunction } from "../types.ts";

/** A share such as `"10%"`, from 0 to 1; undefined: it is none. */
export function parseShare(value: unknown): number | undefined {
  const found = typeof value === "string" ? /^(\d+(?:\.\d+)?) ?%$/.exec(value) : null;
  const share = Number(found?.[1]) / 100;
  return share >= 0 && share <= 1 ? share : undefined;
}

/** Free space for whoever has no special rights. */
export function diskCheck(path: string, minFree: Size): CheckFunction {
  return async () => {
    const { bsize, blocks, bavail } = await statfs(path);
    const share = parseShare(minFree);
    const neededBytes = share === undefined ? (parseSize(minFree) ?? 0) : blocks * bsize * share;
    const freeBytes = bavail * bsize;
    const details = { path, freeBytes, totalBytes: blocks * bsize };
    if (freeBytes < neededBytes) {
      const [free, needed] = [freeBytes, neededBytes].map((bytes) => Math.round(bytes / 2 ** 20));
      throw notWell(`${free} MiB are free of ${path}, less than ${needed} MiB`, details);
    }
    return details;
  };
}

const RESOLUTION_MS = 20;

/** A measure of the event loop of this process. `close` ends it. */
export interface LoopCheck {
  readonly check: CheckFunction;
  close(): void;
}

/** How late turns of the event loop have been since the last look. */
export function loopCheck(limitMs: number): LoopCheck {
  const delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const check: CheckFunction = () => {
    // Node measures from one timer to the next; what is beyond the pause between them is delay.
    const p99Ms = Math.max(0, Math.round(delay.percentile(99) / 1e6 - RESOLUTION_MS));
    const maxMs = Math.max(0, Math.round(delay.max / 1e6 - RESOLUTION_MS));
    delay.reset();
    const details = { p99Ms, maxMs };
    if (p99Ms > limitMs) throw notWell(`99 of 100 turns took up to ${p99Ms} ms`, details);
    return details;
  };
  return { check, close: () => void delay.disable() };
}

/** How much memory this process uses. */
export function memoryCheck(heapShare: number, rssBytes: number): CheckFunction {
  return () => {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    const rss = process.memoryUsage.rss();
    const details = { heapUsedBytes: used, heapLimitBytes: limit, rssBytes: rss };
    if (used > limit * heapShare) {
      throw notWell(`${Math.round((used / limit) * 100)} % of the heap are used`, details);
    }
    if (rss > rssBytes) throw notWell(`it holds ${Math.round(rss / 2 ** 20)} MiB`, details);
    return details;
  };
}
