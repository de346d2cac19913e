import type { Batch, Report, ReportCall } from "@elpis/api";

/** Sends what of a batch it is there for. Throws what a reporter throws. */
export type SendPart = (batch: Batch, call: ReportCall) => Promise<Report | undefined>;

/** What is sent by itself: points, spans, and errors and events together. */
export interface PartSenders {
  readonly points?: SendPart;
  readonly spans?: SendPart;
  readonly logs?: SendPart;
}

/**
 * Sends each batch through the door that its signal has, for backends that have a door for each. A batch has items of one signal; of
 * one with several the first failure stops the others.
 */
export function sendParts({ points, spans, logs }: PartSenders): SendPart {
  return async (batch, call) => {
    const reports: (Report | undefined)[] = [];
    if (batch.points.length > 0) reports.push(await points?.(batch, call));
    if (batch.spans.length > 0) reports.push(await spans?.(batch, call));
    if (batch.errors.length + batch.events.length > 0) reports.push(await logs?.(batch, call));
    const rejected = reports.reduce((sum, one) => sum + (one?.rejected ?? 0), 0);
    const reason = reports.find((one) => one?.reason !== undefined)?.reason;
    return { rejected, ...(reason !== undefined && { reason }) };
  };
}
