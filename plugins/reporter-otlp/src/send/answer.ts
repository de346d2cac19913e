import type { Report } from "@elpis/api";
import { readFields, textField } from "../proto/read.ts";

/** Names of the count in JSON, one for each signal. */
const COUNTS = ["rejectedDataPoints", "rejectedSpans", "rejectedLogRecords"];

/** What an answer in protobuf says was not taken; what is no answer says nothing. */
export function reportOf(bytes: Uint8Array): Report | undefined {
  const partial = readFields(bytes)?.get(1);
  if (!(partial instanceof Uint8Array)) return undefined;
  const fields = readFields(partial);
  if (fields === undefined) return undefined;
  const count = fields.get(1);
  return report(typeof count === "number" ? count : 0, textField(fields, 2));
}

/** The same of an answer in JSON. */
export function reportOfJson(text: string): Report | undefined {
  try {
    const { partialSuccess } = JSON.parse(text) as { partialSuccess?: Record<string, unknown> };
    if (partialSuccess === undefined || partialSuccess === null) return undefined;
    const count = COUNTS.map((name) => partialSuccess[name]).find((value) => value !== undefined);
    return report(Number(count ?? 0), String(partialSuccess.errorMessage ?? ""));
  } catch {
    return undefined;
  }
}

function report(count: number, reason: string): Report | undefined {
  const rejected = Number.isSafeInteger(count) && count > 0 ? count : 0;
  if (rejected === 0 && reason === "") return undefined;
  return { rejected, ...(reason !== "" && { reason: reason.slice(0, 500) }) };
}

/** The message of a `google.rpc.Status`, as refusals have it; else the text itself. */
export function refusalText(bytes: Uint8Array, type: string | null): string {
  if (type?.includes("json") === true) {
    try {
      const { message } = JSON.parse(new TextDecoder().decode(bytes)) as { message?: unknown };
      if (typeof message === "string") return message;
    } catch {
      // Then it is shown as it is.
    }
  }
  if (type?.includes("protobuf") === true) {
    const fields = readFields(bytes);
    return fields === undefined ? "" : textField(fields, 2);
  }
  return new TextDecoder().decode(bytes);
}
