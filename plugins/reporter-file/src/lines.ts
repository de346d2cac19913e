import type { Batch, Tags } from "@elpis/api";

/** What all lines after it are true of, until another one comes. */
export function resourceLine(resource: Tags): string {
  return lineOf("resource", { resource });
}

/** The lines of a batch, each with its break at the end; empty when there is nothing in it. */
export function linesOf({ points, spans, errors, events }: Batch): string {
  return [
    ...points.map((one) => lineOf("metric", one)),
    ...spans.map((one) => lineOf("span", one)),
    ...errors.map((one) => lineOf("error", one)),
    ...events.map((one) => lineOf("event", one)),
  ].join("");
}

function lineOf(signal: string, record: object): string {
  return `${JSON.stringify({ signal, ...record })}\n`;
}
