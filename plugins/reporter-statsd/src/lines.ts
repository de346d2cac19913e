import type { Point } from "@elpis/api";
import { Names } from "./names.ts";
import { plain, type Value, valuesOf } from "./values.ts";

/** How a series is called in a dialect: what stands before its value, and what behind its type. */
export interface LineName {
  readonly name: string;
  readonly tail: string;
}

/** Makes names of one dialect. @param hash keeps it apart from another series */
export type NameOf = (point: Point, suffix: string, hash?: string) => LineName;

/** Lines of a point that stay together. */
export interface Lines {
  readonly text: string;
  /** Number of the point in its batch. */
  readonly point: number;
}

/** Points that cannot be sent. */
export interface Refused {
  readonly count: number;
  /** Every reason with its count. */
  readonly reason: string;
}

/** Turns points into lines. */
export class LineMaker {
  readonly #names = new Names<LineName>();
  readonly #nameOf: NameOf;

  constructor(nameOf: NameOf) {
    this.#nameOf = nameOf;
  }

  linesOf(points: readonly Point[]): { readonly lines: Lines[]; readonly refused?: Refused } {
    const lines: Lines[] = [];
    const reasons = new Map<string, number>();
    for (const [at, point] of points.entries()) {
      const values = valuesOf(point);
      if (typeof values === "string") {
        reasons.set(values, (reasons.get(values) ?? 0) + 1);
        continue;
      }
      // A process that has started again goes on with its series.
      const { app, name, index } = point.source;
      const series = JSON.stringify([point.name, app, name, index, point.tags]);
      for (const value of values) lines.push({ text: this.#line(point, series, value), point: at });
    }
    if (reasons.size === 0) return { lines };
    const count = [...reasons.values()].reduce((sum, one) => sum + one, 0);
    const reason = [...reasons].map(([why, times]) => `${times} not sent: ${why}`).join("; ");
    return { lines, refused: { count, reason } };
  }

  #line(point: Point, series: string, { suffix, type, value }: Value): string {
    const { name, tail } = this.#names.of(
      `${type}${suffix} ${series}`,
      (hash) => this.#nameOf(point, suffix, hash),
      (one) => one.name + one.tail,
    );
    const line = `${name}:${plain(value)}|${type}${tail}`;
    // A sign means more or less than before, so it has to start from a known value; both arrive, or neither.
    return type === "g" && value < 0 ? `${name}:0|g${tail}\n${line}` : line;
  }
}
