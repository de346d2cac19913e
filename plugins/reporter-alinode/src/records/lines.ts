import type { Pair } from "./pairs.ts";

/** A line may be longer, but nobody wants to read it. */
const LINE_CHARS = 4000;

/** Packs values into as few lines as can be, since the number of lines is what is limited. */
export function packed(points: readonly (readonly Pair[])[]): (readonly Pair[])[][] {
  const lines: (readonly Pair[])[][] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const pairs of points) {
    const size = pairs.reduce((sum, { key, text }) => sum + key.length + text.length + 4, 0);
    if (chars + size > LINE_CHARS) {
      lines.push([]);
      chars = 0;
    }
    lines.at(-1)?.push(pairs);
    chars += size;
  }
  return lines;
}

/** `[2026-11-20 10:00:00.123456] [info] [custom] [4242] qps: 12.34, heap_used: 26761760` */
export function nodeLine(time: string, pid: number, pairs: readonly Pair[]): string {
  const values = pairs.map(({ key, text }) => `${key}: ${text}`).join(", ");
  return `[${time}] [info] [custom] [${pid}] ${values}`;
}
