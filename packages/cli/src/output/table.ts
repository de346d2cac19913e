/** A column: its heading, and how it behaves where there is little room. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** What goes first when the lines are too long: the lowest. @default 9 */
  readonly priority?: number;
  /** The narrowest that it can be made, by cutting its cells; without it only the whole column can go. */
  readonly min?: number;
  /** Its cells go on in further lines instead of being cut. */
  readonly wrap?: boolean;
}

const GAP = 2;
const ALWAYS = 9;

/**
 * Lines up rows under their headings, two spaces between columns, nothing after the last. With `width` no line is
 * longer: columns are made narrower, those of the lowest priority first, and left out when that is not enough. A table
 * of columns that must all stay may be wider.
 */
export function formatTable(
  columns: readonly Column[],
  rows: ReadonlyArray<readonly string[]>,
  width?: number,
): string[] {
  const natural = columns.map((column, at) =>
    Math.max(length(column.title), ...rows.map((row) => length(row[at] ?? ""))),
  );
  const widths = width === undefined ? natural : fit(columns, natural, width);
  const line = (cells: readonly string[]): string =>
    columns
      .flatMap((column, at) => {
        const own = widths[at] ?? 0;
        return own === 0 ? [] : [pad(cells[at] ?? "", own, column.align)];
      })
      .join(" ".repeat(GAP))
      .trimEnd();
  const heading = line(columns.map((column, at) => cut(column.title, widths[at] ?? 0)));
  return [heading, ...rows.flatMap((row) => spread(columns, row, widths).map(line))];
}

/** The width of each column so that all of it fits; 0 is one that is left out. Pure. */
function fit(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const over = (): number => {
    const shown = widths.filter((one) => one > 0);
    return shown.reduce((sum, one) => sum + one, 0) + GAP * Math.max(0, shown.length - 1) - width;
  };
  const byPriority = columns
    .map((column, at) => ({ at, priority: column.priority ?? ALWAYS, min: column.min }))
    .sort((a, b) => a.priority - b.priority);
  for (const { at, min } of byPriority) {
    if (over() <= 0) return widths;
    const own = widths[at] ?? 0;
    if (min !== undefined && own > min) widths[at] = Math.max(min, own - over());
  }
  for (const { at, priority } of byPriority) {
    if (over() <= 0 || priority >= ALWAYS) break;
    widths[at] = 0;
  }
  // What a column that was left out gave back belongs to those that were made narrower, the most important first.
  for (const { at } of [...byPriority].reverse()) {
    const [own = 0, wanted = 0] = [widths[at], natural[at]];
    if (own > 0 && own < wanted) widths[at] = Math.min(wanted, own + Math.max(0, -over()));
  }
  return widths;
}

/** One row as the lines that it takes. */
function spread(
  columns: readonly Column[],
  row: readonly string[],
  widths: readonly number[],
): string[][] {
  const cells = columns.map((column, at) => {
    const [text, own] = [row[at] ?? "", widths[at] ?? 0];
    return column.wrap === true ? wrap(text, own) : [cut(text, own)];
  });
  const height = Math.max(1, ...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) => cells.map((lines) => lines[at] ?? ""));
}

/** Breaks a text behind blanks and commas, and within a word that is longer than a line. Pure. */
export function wrap(text: string, width: number): string[] {
  if (width <= 0 || length(text) <= width) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<=[ ,])/)) {
    if (line !== "" && length((line + word).trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = "";
    }
    line += word;
    while (length(line.trimEnd()) > width) {
      const letters = [...line];
      lines.push(letters.slice(0, width).join(""));
      line = letters.slice(width).join("");
    }
  }
  return line.trim() === "" ? lines : [...lines, line.trimEnd()];
}

/** A text that is no longer than `width`; `mark` stands for what was cut off. 0: it may be as long as it is. */
export function cut(text: string, width: number, mark = "…"): string {
  if (width === 0 || length(text) <= width) return text;
  return `${[...text].slice(0, width - 1).join("")}${mark}`;
}

function length(text: string): number {
  return [...text].length;
}

/** A text with blanks up to `width`. */
export function pad(text: string, width: number, align: Column["align"] = "left"): string {
  const blanks = " ".repeat(Math.max(0, width - length(text)));
  return align === "right" ? blanks + text : text + blanks;
}

/** Bytes for a person: `48.3 MB`; a dash when unknown. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return "-";
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A share for a person: `12 %`; a dash when unknown. */
export function formatShare(share: number | undefined): string {
  return share === undefined ? "-" : `${Math.round(share * 100)} %`;
}
