import type { Batch, Logger, Report, Reporter, Signal } from "@elpis/api";
import { sendParts } from "@elpis/telemetry/otel";
import type { Environment } from "./environment.ts";
import { logsRequest } from "./model/logs.ts";
import { metricsRequest } from "./model/metrics.ts";
import { hasIds, tracesRequest } from "./model/traces.ts";
import type { OtlpOptions, OtlpSignal } from "./options.ts";
import { httpSend } from "./send/http.ts";
import type { Send } from "./send/send.ts";
import { settingsOf } from "./settings.ts";

const SIGNALS: Readonly<Record<OtlpSignal, readonly Signal[]>> = {
  metrics: ["metrics"],
  traces: ["spans"],
  logs: ["errors", "events"],
};

/** Makes the reporter. @throws ELPIS_REPORTER_NO_GRPC when gRPC is wanted and its package is not installed */
export async function open(
  options: OtlpOptions,
  env: Environment,
  log?: Pick<Logger, "warn">,
): Promise<Reporter> {
  // One variable may be of several signals.
  const wrong = new Map<string, string>();
  const { doors, temporality, histograms } = settingsOf(options, env, (name, expected) => {
    wrong.set(name, expected);
  });
  for (const [name, expected] of wrong) {
    log?.warn(`${name} is not used: it should be ${expected}`, { variable: name });
  }
  const sends = new Map<OtlpSignal, Send>();
  for (const door of doors) {
    const { protocol, signal } = door;
    const send =
      protocol === "grpc" ? await (await import("./send/grpc.ts")).grpcSend(door) : httpSend(door);
    sends.set(signal, send);
  }
  const metrics = sends.get("metrics");
  const traces = sends.get("traces");
  const logs = sends.get("logs");
  const report = sendParts({
    ...(metrics && {
      points: (batch, call) =>
        metrics.send("MetricsRequest", metricsRequest(batch, histograms), call),
    }),
    ...(traces && {
      spans: async (batch, call) => {
        const { left, refused } = withIds(batch);
        if (left.spans.length === 0) return refused;
        const report = await traces.send("TracesRequest", tracesRequest(left), call);
        return added(report, refused);
      },
    }),
    ...(logs && { logs: (batch, call) => logs.send("LogsRequest", logsRequest(batch), call) }),
  });
  return {
    wants: { signals: doors.flatMap(({ signal }) => SIGNALS[signal]), temporality },
    report,
    close: () => {
      for (const send of sends.values()) send.close();
      sends.clear();
    },
  };
}

/** Spans without ids that can be are left out, or none of the request would be taken. */
function withIds(batch: Batch): { left: Batch; refused: Report | undefined } {
  const spans = batch.spans.filter(hasIds);
  const rejected = batch.spans.length - spans.length;
  const refused = rejected > 0 ? { rejected, reason: "its ids are none" } : undefined;
  return { left: { ...batch, spans }, refused };
}

function added(one: Report | undefined, other: Report | undefined): Report | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return { ...other, ...one, rejected: (one.rejected ?? 0) + (other.rejected ?? 0) };
}
