import { toText } from "@elpis/api";
import type { Span } from "@opentelemetry/api";
import { SpanStatusCode } from "../otel.ts";

const MAX_MESSAGE = 500;

/** Says of a span that it failed, and with what, whatever that is. @param isHere whether it happened here, so that its stack says something */
export function failed(span: Span, error: unknown, isHere: boolean): void {
  const { type, message } = describe(error);
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  if (isHere && error instanceof Error) span.recordException(error);
}

function describe(error: unknown): { readonly type: string; readonly message: string } {
  try {
    const { code, name, message } = (error ?? {}) as Partial<Record<string, unknown>>;
    const type = [code, name].find((one) => typeof one === "string" && one !== "") ?? typeof error;
    const text = typeof message === "string" ? message : toText(error);
    return { type: String(type), message: text.slice(0, MAX_MESSAGE) };
  } catch {
    return { type: typeof error, message: "an error that cannot be read" };
  }
}
