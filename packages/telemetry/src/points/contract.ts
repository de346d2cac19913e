import type { Tags } from "../attributes.ts";
import type { HistogramPoint, Point } from "./point.ts";

/** How points become text. */
export interface TextOptions {
  /** Labels that say whose a point is. @default app, process and index, as far as the point has them */
  readonly labels?: (point: Point) => Tags;
  /** Upper bounds for a histogram. @default those of its instrument, or by its unit */
  readonly bounds?: (point: HistogramPoint) => readonly number[];
  /** Put before each name. @default none */
  readonly prefix?: string;
  /** Told of points that cannot be told apart from others, or whose name means another kind already; they are left out. */
  readonly onDrop?: (point: Point) => void;
}
