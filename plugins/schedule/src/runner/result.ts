import { errorToData, hasCode } from "@elpis/api";
import type { RunResult } from "../topics.ts";

const MAX_ERROR_LENGTH = 2000;
const MAX_VALUE_LENGTH = 1024;

/** What a function gave, when it is small enough to be kept. */
export function keptValue(value: unknown): { value?: string } {
  if (value === undefined) return {};
  try {
    const json = JSON.stringify(value) as string | undefined;
    return json === undefined || json.length > MAX_VALUE_LENGTH ? {} : { value: json };
  } catch {
    return {};
  }
}

/** What a function threw; where it was told to stop, that is the reason, whatever it made of it. */
export function failureOf(thrown: unknown, signal: AbortSignal): RunResult {
  const { name, message, code, stack } = errorToData(thrown, true);
  const error = (stack ?? `${name}: ${message}`).slice(0, MAX_ERROR_LENGTH);
  const reason: unknown = signal.aborted ? signal.reason : undefined;
  const told = hasCode(reason) ? reason.code : code;
  return { ok: false, error, ...(told !== undefined && { code: told }) };
}
