/** Beyond that a cell is as wide as it is, and its row is not in line with others. */
const MAX_WIDTH = 48;
const GAP = "  ";

/** Rows as lines whose columns stand below each other; the last is never filled up. @param right numbers of columns of numbers */
export function table(
  rows: ReadonlyArray<readonly string[]>,
  right: readonly number[] = [],
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) {
      const width = widthOf(cell);
      if (width <= MAX_WIDTH) widths[at] = Math.max(widths[at] ?? 0, width);
    }
  }
  return rows.map((row) => {
    const cells = row.map((cell, at) => {
      const space = " ".repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell)));
      return right.includes(at) ? space + cell : cell + space;
    });
    return cells.join(GAP).trimEnd();
  });
}

/** In columns of a terminal, where characters of the East are two wide. */
function widthOf(text: string): number {
  let width = 0;
  for (const char of text) {
    const wide =
      /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u;
    if (!/\p{M}/u.test(char)) width += wide.test(char) ? 2 : 1;
  }
  return width;
}
