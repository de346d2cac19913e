// The lines of the result: one measured quantity each, with a figure for every system and the rule that Elpis keeps to.
import { format, median, percentile, table } from "../../lib/stats.mjs";

export const SYSTEMS = ["elpis", "pm2", "cluster", "bare"];
const TITLES = { elpis: "Elpis", pm2: "pm2", cluster: "node:cluster", bare: "bare node" };

/**
 * @param what   what was measured, with its unit
 * @param cells  by system: a figure, or `{ value, text }` when it is shown otherwise; undefined ones are left out
 * @param rule   `{ text, test(values) }`; whether it holds is not known while Elpis has no figure
 */
export function line(what, cells, rule) {
  const own = Object.fromEntries(
    Object.entries(cells)
      .filter(([, cell]) => cell !== undefined)
      .map(([name, cell]) => [
        name,
        typeof cell === "number" ? { value: cell, text: format(cell) } : cell,
      ]),
  );
  const values = Object.fromEntries(Object.entries(own).map(([name, cell]) => [name, cell.value]));
  const known = rule !== undefined && values.elpis !== undefined;
  // A test that lacks a rival's figure gives undefined as well.
  return { what, cells: own, rule: rule?.text, holds: known ? rule.test(values) : undefined };
}

/** The figures that are there, each with its ratio to `base` in brackets when there is one. */
export function withRatios(figures, base) {
  const known = Object.entries(figures).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    known.map(([name, value]) => {
      const ratio = base > 0 ? ` (${(value / base).toFixed(2)})` : "";
      return [name, { value, text: `${format(value)}${ratio}` }];
    }),
  );
}

/** Samples by system in one figure each. */
export function medians(samples) {
  return figures(samples, median);
}

export function figures(samples, of) {
  return Object.fromEntries(
    Object.entries(samples)
      .filter(([, values]) => values.length > 0)
      .map(([name, values]) => [name, of(values)]),
  );
}

export function p95(values) {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.95,
  );
}

/** Ours is no more than theirs; not known when they are not there. */
export function atMost(other, title, factor = 1) {
  return {
    text: `<= ${title}`,
    test: (values) =>
      values[other] === undefined ? undefined : values.elpis <= values[other] * factor,
  };
}

export function renderTable(rows) {
  const body = Object.values(rows).flatMap(({ lines, missing, errors }) =>
    lines.map(({ what, cells, rule, holds }) => [
      what,
      ...SYSTEMS.map((name) => cellText(name, cells, { missing, errors })),
      rule ?? "",
      holds === undefined ? "" : holds ? "yes" : "NO",
    ]),
  );
  return table([["", ...SYSTEMS.map((name) => TITLES[name]), "rule", "holds"], ...body]);
}

function cellText(name, cells, { missing, errors }) {
  if (cells[name] !== undefined) return cells[name].text;
  if (name in errors) return "failed";
  return name in missing ? "not available" : "-";
}
