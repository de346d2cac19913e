import type { Span } from "@opentelemetry/api";
import { SpanStatusCode } from "../otel.ts";

const MAX_MESSAGE = 500;

/** Says of a span that it failed, and with what. @param isHere whether it happened here, so that its stack says something */
export function failed(span: Span, error: unknown, isHere: boolean): void {
  const { code, name, message } = (error ?? {}) as Partial<Error> & { readonly code?: unknown };
  const type = typeof code === "string" ? code : (name ?? typeof error);
  const text = String(message ?? error).slice(0, MAX_MESSAGE);
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: text });
  if (isHere && error instanceof Error) span.recordException(error);
}
