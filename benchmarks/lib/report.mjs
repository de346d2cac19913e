// From samples to medians and ratios, and from these to the table.
import { MEASURES } from "./measures.mjs";
import { format, summary, table } from "./stats.mjs";

/** The peer that the others are compared with. */
export const REFERENCE = "limit";
const FIELDS = ["rate", "p50", "p99", "hubCpuPerMillion", "hubRssMiB"];

/** By peer and measure: per field median, min, max, n and the ratio to the reference in the same run. */
export function summarize(samples) {
  const results = {};
  for (const [peer, byMeasure] of Object.entries(samples)) {
    results[peer] = {};
    for (const [measure, taken] of Object.entries(byMeasure)) {
      const result = { bad: taken.reduce((sum, sample) => sum + sample.bad, 0) };
      for (const field of FIELDS) {
        const values = taken.map((sample) => sample[field]).filter(Number.isFinite);
        if (values.length > 0) result[field] = summary(values);
      }
      results[peer][measure] = result;
    }
  }
  addRatios(results);
  return results;
}

function addRatios(results) {
  for (const byMeasure of Object.values(results)) {
    for (const [measure, result] of Object.entries(byMeasure)) {
      for (const field of FIELDS) {
        const base = results[REFERENCE]?.[measure]?.[field]?.median;
        if (result[field] !== undefined) {
          result[field].ratio = base > 0 ? result[field].median / base : null;
        }
      }
    }
  }
}

const COLUMNS = [
  ...MEASURES.map(({ id, title, job }) => ({ id, title, field: job === "ping" ? "p50" : "rate" })),
  { id: "lat.s100", title: "p99 µs", field: "p99" },
  { id: "rr.s100", title: "hub CPU s/million", field: "hubCpuPerMillion" },
];

/** One row per peer: medians, with the ratio to the reference in brackets. */
export function renderTable(results) {
  const rows = Object.entries(results).map(([peer, byMeasure]) => [
    peer,
    ...COLUMNS.map(({ id, field }) => cell(byMeasure[id]?.[field])),
  ]);
  return table([["peer", ...COLUMNS.map((column) => column.title)], ...rows]);
}

function cell(figure) {
  if (figure === undefined) return "-";
  const ratio = figure.ratio === null ? "" : ` (${figure.ratio.toFixed(2)})`;
  return `${format(figure.median)}${ratio}`;
}

/** What makes the figures worthless: peers that failed, messages lost, changed or out of order. */
export function faults({ errors, results }) {
  const wrong = Object.entries(results).flatMap(([peer, byMeasure]) =>
    Object.entries(byMeasure)
      .filter(([, result]) => result.bad > 0)
      .map(
        ([measure, { bad }]) => `${peer} ${measure}: ${bad} messages wrong, lost or out of order`,
      ),
  );
  return [...errors.map(({ peer, error }) => `${peer} failed: ${error}`), ...wrong];
}
