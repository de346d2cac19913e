import { type Batch, Reject, type Reporter, type ReporterContext } from "@elpis/api";
import { commonAttributes } from "./attributes.ts";
import { errorsOf, eventsOf } from "./events.ts";
import { metricsOf } from "./metrics.ts";
import { type NewRelicOptions, type Percentile, placesOf } from "./options.ts";
import { type Part, Refused } from "./part.ts";
import { Sender } from "./sender.ts";
import { spansOf } from "./spans.ts";

const PERCENTILES: readonly Percentile[] = ["p50", "p95", "p99"];

/** Reports to the ingest APIs: Metric, Trace and Event. */
export function ingestReporter(options: NewRelicOptions, context: ReporterContext): Reporter {
  const sender = new Sender(options.apiKey, placesOf(options));
  const percentiles = options.percentiles ?? PERCENTILES;
  return {
    wants: {
      signals: ["metrics", "spans", "errors", "events"],
      temporality: "delta",
      intervalMs: 60_000,
      maxItems: 2000,
      maxBytes: 1_000_000,
      // Five characters stay for `.p999`; tags share the attributes of an item with its source and the resource.
      limits: { nameChars: 250, valueChars: 4096, tags: 100 },
    },
    async report(batch, call) {
      call.signal.throwIfAborted();
      const refused = new Refused();
      const parts = partsOf(batch, percentiles, context.now(), refused);
      const theirs = await sender.send(batch.id, parts, call);
      const rejected = refused.count + theirs.count;
      if (rejected === 0) return;
      const reason = [refused.reason, theirs.reason].filter((one) => one !== "").join("; ");
      if (rejected === itemsOf(batch)) throw new Reject(reason);
      return { rejected, reason };
    },
  };
}

function partsOf(
  { resource, points, spans, errors, events }: Batch,
  percentiles: readonly Percentile[],
  now: number,
  refused: Refused,
): Part[] {
  const common = commonAttributes(resource);
  const parts: Part[] = [
    { door: "metric", items: metricsOf(points, percentiles, common, now, refused), common },
    { door: "trace", items: spansOf(spans, resource, common, now, refused), common },
    {
      door: "event",
      items: [...errorsOf(errors, common, now, refused), ...eventsOf(events, common, now, refused)],
      common,
    },
  ];
  return parts.filter(({ items }) => items.length > 0);
}

function itemsOf({ points, spans, errors, events }: Batch): number {
  return points.length + spans.length + errors.length + events.length;
}
