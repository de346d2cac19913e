/** A column: its heading, and whether it holds numbers. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

/** Lines up rows under their headings, two spaces between columns, nothing after the last. */
export function formatTable(
  columns: readonly Column[],
  rows: ReadonlyArray<readonly string[]>,
): string[] {
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, at) => pad(cells[at] ?? "", widths[at] ?? 0, column.align))
      .join("  ")
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...rows.map(line)];
}

function pad(text: string, width: number, align: Column["align"]): string {
  return align === "right" ? text.padStart(width) : text.padEnd(width);
}

/** Bytes for a person: `48.3 MB`; a dash when unknown. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return "-";
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
