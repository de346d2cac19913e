import { hasCode, type Point, Reject, type Reporter } from "@elpis/api";
import { toPrometheus } from "@elpis/telemetry";
import { accessOf } from "../access.ts";
import { ownLabels, seriesKey, targetLabels } from "../labels.ts";
import type { PushgatewayOptions } from "../options.ts";
import { send } from "../send.ts";
import { groupUrl } from "./group-url.ts";

const TEXT = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };
/** What is put replaces all that was there: a batch must never come in parts. */
const WHOLE = { maxItems: 1_000_000, maxBytes: 100_000_000 };
/** How long the end may wait for the gateway, in milliseconds. */
const REMOVE_MS = 2000;

/** Makes the reporter. */
export function open(options: PushgatewayOptions): Reporter {
  const { grouping = {}, prefix, removeAtEnd = false } = options;
  const access = accessOf(options.url, options);
  /** What is on the gateway from here. */
  let group: URL | undefined;
  return {
    wants: { signals: ["metrics"], temporality: "cumulative", retry: "safe", ...WHOLE },
    report: async ({ points, resource }, { signal }) => {
      const { job, instance } = targetLabels(resource, options);
      const fixed = { instance, ...grouping, job };
      let rejected = 0;
      const text = toPrometheus(latest(points), {
        labels: ownLabels(fixed),
        onDrop: () => {
          rejected++;
        },
        ...(prefix !== undefined && { prefix }),
      });
      const reason = "cannot be told apart, or the name means another kind";
      const report = { rejected, ...(rejected > 0 && { reason }) };
      // Nothing would delete the group.
      if (text === "") return report;
      const url = groupUrl(access.url, job, fixed);
      try {
        await send(access, { method: "PUT", url, headers: TEXT, body: Buffer.from(text), signal });
      } catch (error) {
        // One half would replace the other.
        throw hasCode(error, "ELPIS_REPORTER_TOO_LARGE") ? new Reject(error.message) : error;
      }
      group = url;
      return report;
    },
    close: async () => {
      const url = group;
      group = undefined;
      if (!removeAtEnd || url === undefined) return;
      const signal = AbortSignal.timeout(REMOVE_MS);
      // It stays where it is when the gateway is away.
      await send(access, { method: "DELETE", url, signal }).catch(() => {});
    },
  };
}

/** Of several points of one series the last. */
function latest(points: readonly Point[]): readonly Point[] {
  const last = new Map<string, Point>();
  for (const point of points) last.set(seriesKey(point), point);
  return [...last.values()];
}
