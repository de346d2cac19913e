import { ElpisError, Reject, type Report, type ReportCall, RetryLater, TooLarge } from "@elpis/api";
import type { ServiceError } from "@grpc/grpc-js";
import type { OtlpSignal } from "../options.ts";
import { encode } from "../proto/encode.ts";
import { readFields } from "../proto/read.ts";
import { type Door, scrubber } from "../settings.ts";
import { reportOf } from "./answer.ts";
import type { Send } from "./send.ts";

const METHODS: Readonly<Record<OtlpSignal, string>> = {
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
};
const GZIP = 2;
const EXHAUSTED = 8;
/** Codes after which OTLP wants to be asked again: cancelled, deadline, aborted, out of range, unavailable, data loss. */
const LATER: ReadonlySet<number> = new Set([1, 4, 10, 11, 14, 15]);
const DETAILS = "grpc-status-details-bin";

/** Sends by gRPC. @throws ELPIS_REPORTER_NO_GRPC when its package is not installed */
export async function grpcSend(door: Door): Promise<Send> {
  const { Client, credentials, Metadata } = await load();
  const { protocol, host } = new URL(door.url);
  const secure = protocol === "https:" ? credentials.createSsl() : credentials.createInsecure();
  const client = new Client(host, secure, {
    "grpc.primary_user_agent": "elpis-reporter-otlp",
    ...(door.gzip && { "grpc.default_compression_algorithm": GZIP }),
  });
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(door.headers)) metadata.set(name, value);
  const scrub = scrubber(door);
  const bytes = (value: Buffer): Buffer => value;
  return {
    send: (name, message, { signal, deadline }: ReportCall) => {
      signal.throwIfAborted();
      const body = encode(name, message);
      return new Promise<Report | undefined>((resolve, reject) => {
        const done = (error: ServiceError | null, answer?: Buffer): void => {
          signal.removeEventListener("abort", cancel);
          if (error === null) return resolve(scrubbed(reportOf(answer ?? new Uint8Array()), scrub));
          reject(signal.aborted ? signal.reason : failureOf(error, scrub));
        };
        const call = client.makeUnaryRequest(
          METHODS[door.signal],
          bytes,
          bytes,
          body,
          metadata,
          { deadline },
          done,
        );
        const cancel = (): void => call.cancel();
        signal.addEventListener("abort", cancel, { once: true });
      });
    },
    close: () => client.close(),
  };
}

async function load(): Promise<typeof import("@grpc/grpc-js")> {
  try {
    return await import("@grpc/grpc-js");
  } catch (cause) {
    throw new ElpisError(
      "ELPIS_REPORTER_NO_GRPC",
      "OTLP by gRPC needs the package @grpc/grpc-js: install it, or choose http/protobuf.",
      { cause },
    );
  }
}

function scrubbed(report: Report | undefined, scrub: (text: string) => string): Report | undefined {
  return report?.reason === undefined ? report : { ...report, reason: scrub(report.reason) };
}

function failureOf(error: ServiceError, scrub: (text: string) => string): Error {
  const { code, details } = error;
  const reason = `gRPC status ${code}: ${scrub(details).slice(0, 500)}`;
  const afterMs = retryDelayMs(error);
  if (LATER.has(code) || (code === EXHAUSTED && afterMs !== undefined)) {
    return new RetryLater(afterMs, reason);
  }
  // Servers say so of what is longer than they take.
  if (code === EXHAUSTED && /larger than|too large|max(?:imum)? (?:message )?size/i.test(details)) {
    return new TooLarge(reason);
  }
  return new Reject(reason);
}

/** `google.rpc.Status`: details, of which a `RetryInfo` says when. */
function retryDelayMs({ metadata }: ServiceError): number | undefined {
  const [status] = metadata.get(DETAILS);
  if (!(status instanceof Buffer)) return undefined;
  const detail = readFields(status)?.get(3);
  const any = detail instanceof Uint8Array ? readFields(detail) : undefined;
  const [type, value] = [any?.get(1), any?.get(2)];
  if (!(type instanceof Uint8Array && value instanceof Uint8Array)) return undefined;
  if (!Buffer.from(type).toString().endsWith("google.rpc.RetryInfo")) return undefined;
  const delay = readFields(value)?.get(1);
  const fields = delay instanceof Uint8Array ? readFields(delay) : undefined;
  if (fields === undefined) return undefined;
  return Number(fields.get(1) ?? 0) * 1000 + Number(fields.get(2) ?? 0) / 1e6;
}
