import type { TraceSpan } from "@elpis/api";
import { type Color, colorOf, paint } from "../../output/color.ts";
import { drawBar, type Glyphs } from "../../output/glyphs.ts";
import { printable } from "../../output/printable.ts";
import { cut, pad } from "../../output/table.ts";
import { notesOf } from "./notes.ts";
import { formatTook } from "./text.ts";

const LEAST_WIDTH = 40;
const INDENT = 2;
const GAP = "  ";

/** How a tree is drawn. */
export interface TreeStyle {
  /** No line is longer, unless it is less than 40. */
  readonly width: number;
  readonly glyphs: Glyphs;
  readonly color: boolean;
}

/** The time that a trace took, in milliseconds since 1970. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** How wide the parts of a line are. */
interface Layout {
  readonly bar: number;
  readonly duration: number;
  readonly process: number;
  readonly text: number;
}

/**
 * The spans of a trace, one a line: a mark (`!` failed, `…` open, `?` unseen), a bar to scale, its duration, its process, its name
 * below that of its parent, and what its tags say in short. Pure.
 */
export function drawTree(tree: readonly TraceSpan[], style: TreeStyle): string[] {
  const range = rangeOf(tree);
  const layout = layoutOf(tree, Math.max(LEAST_WIDTH, style.width));
  return inOrder(tree).map(({ span, depth }) => line(span, depth, range, layout, style));
}

function line(
  span: TraceSpan,
  depth: number,
  range: Range,
  layout: Layout,
  { glyphs, color }: TreeStyle,
): string {
  const own = colorOf(span.process.replace(/\.\d+$/, ""));
  const process = pad(cut(printable(span.process), layout.process, glyphs.cut), layout.process);
  const room = Math.floor(layout.text / 2);
  const indent =
    INDENT * depth <= room ? " ".repeat(INDENT * depth) : `${" ".repeat(room)}(${depth}) `;
  const notes = notesOf(span, glyphs.cut).map((note) => `${GAP}${note}`);
  const text = cut(`${indent}${printable(span.name)}${notes.join("")}`, layout.text, glyphs.cut);
  const colored = colorOfSpan(span);
  const parts = [
    mark(span, glyphs, color),
    " ",
    paint(barOf(span, range, layout.bar, glyphs), own, color),
    GAP + pad(durationText(span), layout.duration, "right") + GAP,
    paint(process, own, color),
    GAP + (colored === undefined ? text : paint(text, colored, color)),
  ];
  return parts.join("").trimEnd();
}

function mark({ state, status }: TraceSpan, glyphs: Glyphs, color: boolean): string {
  if (state === "unseen") return paint("?", "gray", color);
  if (status === "error") return paint("!", "red", color);
  return state === "open" ? paint(glyphs.more, "yellow", color) : " ";
}

function colorOfSpan({ state, status }: TraceSpan): Color | undefined {
  if (state === "unseen") return "gray";
  return status === "error" ? "red" : undefined;
}

/** Of one that is only spoken of nothing is known, of one that is open no end. */
function barOf(span: TraceSpan, range: Range, width: number, glyphs: Glyphs): string {
  if (span.state === "unseen") return " ".repeat(width);
  const all = range.to - range.from;
  const share = (time: number): number => (all > 0 ? (time - range.from) / all : 0);
  if (span.state === "over") {
    const to = all > 0 ? share(span.start + span.durationMs) : 1;
    return drawBar(share(span.start), to, width, glyphs);
  }
  const { open } = glyphs;
  return drawBar(share(span.start), 1, width, { ...glyphs, full: open, left: open, right: open });
}

function durationText({ state, durationMs }: TraceSpan): string {
  if (state === "unseen") return "-";
  return state === "open" ? "open" : formatTook(durationMs);
}

function rangeOf(tree: readonly TraceSpan[]): Range {
  const seen = tree.filter(({ state }) => state !== "unseen");
  const from = seen.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY);
  const to = seen.reduce((most, one) => Math.max(most, one.start + one.durationMs), from);
  return { from, to };
}

function layoutOf(tree: readonly TraceSpan[], width: number): Layout {
  const longest = (texts: readonly string[]): number =>
    texts.reduce((most, text) => Math.max(most, [...text].length), 0);
  const bar = Math.min(Math.floor(width * 0.3), 40);
  const duration = longest(tree.map(durationText));
  const widest = Math.min(16, Math.floor(width * 0.15));
  const process = Math.min(widest, longest(tree.map((span) => printable(span.process))));
  const used = "! ".length + bar + GAP.length + duration + GAP.length + process + GAP.length;
  return { bar, duration, process, text: width - used };
}

/** Each behind its parent, with how far it is from the first one. */
function inOrder(tree: readonly TraceSpan[]): Array<{ span: TraceSpan; depth: number }> {
  const children = new Map<string, TraceSpan[]>();
  const roots: TraceSpan[] = [];
  for (const span of tree) {
    // A parent that does not come before is none: nothing goes round in circles.
    const brothers = children.get(span.parentSpanId ?? "");
    (brothers ?? roots).push(span);
    if (!children.has(span.spanId)) children.set(span.spanId, []);
  }
  const found: Array<{ span: TraceSpan; depth: number }> = [];
  const waiting = roots.reverse().map((span) => ({ span, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    found.push(next);
    const { spanId } = next.span;
    const own = children.get(spanId) ?? [];
    // One of the same id, which should not be, has them no second time.
    children.delete(spanId);
    for (const span of own.reverse()) waiting.push({ span, depth: next.depth + 1 });
  }
  return found;
}
