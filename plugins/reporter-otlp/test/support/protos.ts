// The classes that protobufjs made of the official .proto files.
import root from "otlp-protos/build/src/generated/root.js";

/** A class of protobufjs. */
interface Message {
  decode(bytes: Uint8Array): object;
  encode(message: object): { finish(): Uint8Array };
  toObject(message: object, options: object): object;
}

interface Service {
  readonly v1: Readonly<Record<string, Message>>;
}
type Collector = Readonly<Record<"metrics" | "trace" | "logs", Service>>;

const { collector } = (root as unknown as { opentelemetry: { proto: { collector: Collector } } })
  .opentelemetry.proto;

/** What a signal is asked and answered with. */
interface Protocol {
  readonly request: Message;
  readonly response: Message;
}

/** By path over HTTP. */
const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  "/v1/metrics": {
    request: collector.metrics.v1.ExportMetricsServiceRequest as Message,
    response: collector.metrics.v1.ExportMetricsServiceResponse as Message,
  },
  "/v1/traces": {
    request: collector.trace.v1.ExportTraceServiceRequest as Message,
    response: collector.trace.v1.ExportTraceServiceResponse as Message,
  },
  "/v1/logs": {
    request: collector.logs.v1.ExportLogsServiceRequest as Message,
    response: collector.logs.v1.ExportLogsServiceResponse as Message,
  },
};

/** A request as plain data: ids in hexadecimal, whole numbers of 64 bits as text. */
export function decodeRequest(path: string, bytes: Uint8Array): Record<string, never> {
  const type = (PROTOCOLS[path] as Protocol).request;
  const plain = type.toObject(type.decode(bytes), { longs: String, bytes: Buffer });
  const hex = (_: string, value: { type?: string; data?: number[] }): unknown =>
    value?.type === "Buffer" ? Buffer.from(value.data as number[]).toString("hex") : value;
  return JSON.parse(JSON.stringify(plain), hex) as Record<string, never>;
}

/** An answer that says what was not taken. */
export function partialAnswer(path: string, count: number, errorMessage: string): Uint8Array {
  const { response } = PROTOCOLS[path] as Protocol;
  const [rejectedDataPoints, rejectedSpans, rejectedLogRecords] = [count, count, count];
  const partialSuccess = { rejectedDataPoints, rejectedSpans, rejectedLogRecords, errorMessage };
  return response.encode({ partialSuccess }).finish();
}
