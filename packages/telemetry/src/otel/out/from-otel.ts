import { Reject, type Reporter, RetryLater } from "@elpis/api";
import { badOption } from "../../errors.ts";
import { verdictOf } from "../../reporters/verdict.ts";
import { errorToLog, eventToLog, toReadableLog } from "./logs.ts";
import { type HistogramStyle, toResourceMetrics } from "./metrics.ts";
import { sendParts } from "./parts.ts";
import { toResource } from "./resource.ts";
import { toReadableSpan } from "./spans.ts";

/** What an exporter says when it is done: 0 for success. */
interface ExportResult {
  readonly code: number;
  readonly error?: Error;
}

/** What all exporters of OpenTelemetry have, of either line of the SDK. */
export interface OtelExporter {
  // biome-ignore lint/suspicious/noExplicitAny: each exporter names its own type, which must not be imported here.
  export(items: any, done: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
}

/** An exporter of metrics, which may say what it wants. */
export interface OtelMetricExporter extends OtelExporter {
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  selectAggregationTemporality?(instrument: any): number;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  selectAggregation?(instrument: any): { readonly type: number };
}

/** Exporters of OpenTelemetry; at least one. */
export interface FromOtelOptions {
  readonly metricExporter?: OtelMetricExporter;
  readonly spanExporter?: OtelExporter;
  /** Gets errors and events as log records. */
  readonly logExporter?: OtelExporter;
  /** How histograms are told. @default what the exporter asks for, which mostly means explicit bounds */
  readonly histograms?: HistogramStyle;
}

/** Numbers of `AggregationTemporality` and `AggregationType` in the SDK. */
const DELTA = 0;
const EXPONENTIAL = 5;

/** Numbers of gRPC: it is not there, or has no room. */
const LATER: readonly unknown[] = [8, 14];

/**
 * Makes a reporter of exporters of OpenTelemetry, of the SDK 2.x or 3.x: whatever vendor has one gets what is measured. An exporter
 * tries again by itself, as long as its own timeout lets it; a batch is only kept when it says that it gave up on something that
 * can be tried again. It does not tell what a backend took only in part, nor when it wants to be asked again.
 *
 * @throws ELPIS_TELEMETRY_BAD_OPTION when there is no exporter
 * @example defineReporter({ name: "acme", open: () => fromOtel({ spanExporter: new AcmeTraceExporter() }) });
 */
export function fromOtel(options: FromOtelOptions): Reporter {
  const { metricExporter, spanExporter, logExporter } = options;
  const exporters = [metricExporter, spanExporter, logExporter].filter((one) => one !== undefined);
  if (exporters.length === 0) throw badOption("exporters", "at least one exporter", undefined);
  const style = options.histograms ?? styleOf(metricExporter);
  const isDelta = metricExporter?.selectAggregationTemporality?.("COUNTER") === DELTA;
  const send = sendParts({
    ...(metricExporter !== undefined && {
      points: ({ points, resource }, { signal }) =>
        hand(metricExporter, toResourceMetrics(points, toResource(resource), style), signal),
    }),
    ...(spanExporter !== undefined && {
      spans: ({ spans, resource }, { signal }) => {
        const own = toResource(resource);
        const items = spans.map((span) => toReadableSpan(span, own));
        return hand(spanExporter, items, signal);
      },
    }),
    ...(logExporter !== undefined && {
      logs: ({ errors, events, resource }, { signal }) => {
        const own = toResource(resource);
        const logs = [...errors.map(errorToLog), ...events.map(eventToLog)];
        const items = logs.map((log) => toReadableLog(log, own));
        return hand(logExporter, items, signal);
      },
    }),
  });
  let closed: Promise<void> | undefined;
  return {
    wants: {
      signals: [
        ...(metricExporter !== undefined ? (["metrics"] as const) : []),
        ...(spanExporter !== undefined ? (["spans"] as const) : []),
        ...(logExporter !== undefined ? (["errors", "events"] as const) : []),
      ],
      temporality: isDelta ? "delta" : "cumulative",
    },
    report: (batch, call) => send(batch, call),
    close: () => {
      closed ??= Promise.allSettled(exporters.map((one) => one.shutdown())).then(() => {});
      return closed;
    },
  };
}

function styleOf(exporter: OtelMetricExporter | undefined): HistogramStyle {
  const asked = exporter?.selectAggregation?.("HISTOGRAM").type;
  return asked === EXPONENTIAL ? "exponential" : "explicit";
}

/** Those that have something in hand: what they are handed besides would pile up in them. */
const busy = new WeakSet<OtelExporter>();

async function hand(
  exporter: OtelExporter,
  items: unknown,
  signal: AbortSignal,
): Promise<undefined> {
  signal.throwIfAborted();
  if (busy.has(exporter)) throw new RetryLater(undefined, "the exporter has not come back");
  busy.add(exporter);
  const result = await new Promise<ExportResult>((resolve, reject) => {
    // It cannot be told to stop, but need not be waited for.
    const leave = (): void => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    exporter.export(items, (result) => {
      busy.delete(exporter);
      signal.removeEventListener("abort", leave);
      resolve(result);
    });
  });
  if (result.code !== 0) throw judge(result.error);
}

/** What an exporter's error means for the batch. */
function judge(error: Error | undefined): Error {
  const message = error?.message ?? "the exporter does not say why";
  if (/retryable status/i.test(message)) return new RetryLater(undefined, message);
  const { code } = (error ?? {}) as { code?: unknown };
  if (LATER.includes(code)) return new RetryLater(undefined, message);
  // Trouble with a connection is for the host to judge.
  if (error !== undefined && verdictOf(error).type !== "reject") return error;
  return new Reject(typeof code === "number" ? `${message} (${code})` : message);
}
