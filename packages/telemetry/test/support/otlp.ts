import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
// The classes that protobufjs made of the official .proto files.
import root from "otlp-protos/build/src/generated/root.js";

const { collector } = (root as unknown as { opentelemetry: { proto: Protos } }).opentelemetry.proto;

interface Message {
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): object;
}
interface Protos {
  readonly collector: {
    readonly metrics: { readonly v1: { readonly ExportMetricsServiceRequest: Message } };
    readonly trace: { readonly v1: { readonly ExportTraceServiceRequest: Message } };
    readonly logs: { readonly v1: { readonly ExportLogsServiceRequest: Message } };
  };
}

const REQUESTS: Readonly<Record<string, Message>> = {
  "/v1/metrics": collector.metrics.v1.ExportMetricsServiceRequest,
  "/v1/traces": collector.trace.v1.ExportTraceServiceRequest,
  "/v1/logs": collector.logs.v1.ExportLogsServiceRequest,
};

/** A request as text of numbers, hexadecimal ids, and names. */
type Decoded = Record<string, never>;

/** Something that takes OTLP over HTTP with protobuf. */
export interface OtlpServer {
  readonly url: string;
  /** What came, by path. */
  readonly got: Record<string, Decoded[]>;
  /** What the next requests are answered; 200 when empty. */
  readonly answers: ((response: ServerResponse) => void)[];
  close(): Promise<void>;
}

export async function otlpServer(): Promise<OtlpServer> {
  const got: Record<string, Decoded[]> = {};
  const answers: ((response: ServerResponse) => void)[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void buffer(request).then((body) => {
      const answer = answers.shift();
      if (answer !== undefined) return answer(response);
      const path = request.url as string;
      got[path] ??= [];
      got[path].push(decode(path, body));
      response.setHeader("content-type", "application/x-protobuf").end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    answers,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function decode(path: string, body: Buffer): Decoded {
  const type = REQUESTS[path] as Message;
  const plain = type.toObject(type.decode(body), { longs: String, bytes: Buffer, enums: String });
  const hex = (_: string, value: { type?: string; data?: number[] }): unknown =>
    value?.type === "Buffer" ? Buffer.from(value.data as number[]).toString("hex") : value;
  return JSON.parse(JSON.stringify(plain), hex) as Decoded;
}
