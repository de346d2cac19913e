// Figures beside their goals, as rows of a table.

function show(value, unit) {
  if (typeof value !== "number") return String(value);
  const digits =
    Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : Math.abs(value) < 1 ? 2 : 1;
  return unit === undefined ? value.toFixed(digits) : `${value.toFixed(digits)} ${unit}`;
}

/** One figure as cells: id, what, got, goal, verdict. */
export function row({ id, what, value, goal, rule, unit, ok }) {
  const wanted = rule === undefined ? "" : `${rule} ${show(goal, unit)}`;
  const verdict = rule === undefined ? "" : ok ? "ok" : "SHORT";
  return [id, what, show(value, unit), wanted, verdict];
}

/** Rows of cells in columns. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  return rows
    .map((cells) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
