import { ElpisError, Reject, type Report, type ReportCall } from "@elpis/api";
import type { Client as GrpcClient, ServiceError } from "@grpc/grpc-js";
import type { OtlpSignal } from "../options.ts";
import { encode } from "../proto/encode.ts";
import { type Door, scrubber } from "../settings.ts";
import { reportOf } from "./answer.ts";
import { failureOf, isInDoubt } from "./grpc-failures.ts";
import type { Send } from "./send.ts";

const METHODS: Readonly<Record<OtlpSignal, string>> = {
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
};
const GZIP = 2;
/** The time of the host is up first: only it can say that nobody knows what became of a batch. */
const DEADLINE_SLACK_MS = 1000;

/** Sends by gRPC. @throws ELPIS_REPORTER_NO_GRPC when its package is not installed */
export async function grpcSend(door: Door): Promise<Send> {
  const { Client, credentials, Metadata } = await load();
  const connect = (): GrpcClient => {
    const { address, isSecure } = targetOf(door.url);
    const secure = isSecure ? credentials.createSsl() : credentials.createInsecure();
    return new Client(address, secure, {
      "grpc.primary_user_agent": "elpis-reporter-otlp",
      // Else a client that is made anew would get the connection of the one before.
      "grpc.use_local_subchannel_pool": 1,
      ...(door.gzip && { "grpc.default_compression_algorithm": GZIP }),
    });
  };
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(door.headers)) metadata.set(name, value);
  const scrub = scrubber(door);
  const bytes = (value: Buffer): Buffer => value;
  let client: GrpcClient | undefined;
  let isClosed = false;
  return {
    send: (name, message, { signal, deadline }: ReportCall) => {
      signal.throwIfAborted();
      if (isClosed) throw new Reject("the reporter has ended");
      const body = encode(name, message);
      client ??= connect();
      const own = client;
      /** A connection that nothing comes from may be dead, which nobody else would notice for many minutes. */
      const leave = (): void => {
        own.close();
        if (client === own) client = undefined;
      };
      return new Promise<Report | undefined>((resolve, reject) => {
        const done = (error: ServiceError | null, answer?: Buffer): void => {
          signal.removeEventListener("abort", cancel);
          if (error === null) return resolve(scrubbed(reportOf(answer ?? new Uint8Array()), scrub));
          if (signal.aborted || isInDoubt(error)) leave();
          reject(signal.aborted ? signal.reason : failureOf(error, scrub));
        };
        const options = { deadline: deadline + DEADLINE_SLACK_MS };
        const path = METHODS[door.signal];
        const call = own.makeUnaryRequest(path, bytes, bytes, body, metadata, options, done);
        const cancel = (): void => call.cancel();
        signal.addEventListener("abort", cancel, { once: true });
      });
    },
    close: () => {
      isClosed = true;
      client?.close();
      client = undefined;
    },
  };
}

/** Host and port, also where the port goes without saying: gRPC would take 443 for none. */
export function targetOf(url: string): { address: string; isSecure: boolean } {
  const { protocol, hostname, port } = new URL(url);
  const isSecure = protocol === "https:";
  return { address: `${hostname}:${port || (isSecure ? 443 : 80)}`, isSecure };
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
