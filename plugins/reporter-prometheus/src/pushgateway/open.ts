import { hasCode, Reject, type Reporter } from "@elpis/api";
import { toPrometheus } from "@elpis/telemetry";
import { accessOf } from "../access.ts";
import { ownLabels, targetLabels } from "../labels.ts";
import type { PushgatewayOptions } from "../options.ts";
import { send } from "../send.ts";
import { groupUrl } from "./group-url.ts";
import { isSample, Kept } from "./kept.ts";

const TEXT = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };
/** What is put replaces all that was there: a batch must never come in parts. */
const WHOLE = { maxItems: 1_000_000, maxBytes: 100_000_000 };
/** How long the end may wait for the gateway, in milliseconds: the host waits for two seconds in all. */
const REMOVE_MS = 1500;

/** Makes the reporter. */
export function open(options: PushgatewayOptions): Reporter {
  const { grouping = {}, prefix, removeAtEnd = false } = options;
  const access = accessOf(options.url, options);
  const kept = new Kept();
  /** What may be on the gateway from here. */
  let group: URL | undefined;
  return {
    wants: { signals: ["metrics"], temporality: "cumulative", retry: "safe", ...WHOLE },
    report: async (batch, { signal }) => {
      const { points, resource } = batch;
      if (points.length === 0) return { rejected: 0 };
      // A sample is added: it replaces nothing, and is replaced by what comes next.
      const isAdded = isSample(batch);
      const { all, taken } = isAdded ? { all: points, taken: () => {} } : kept.with(batch);
      const own = new Set(points);
      const { job, instance } = targetLabels(resource, options);
      const fixed = { instance, ...grouping, job };
      let rejected = 0;
      const text = toPrometheus(all, {
        labels: ownLabels(fixed),
        onDrop: (point) => {
          if (own.has(point)) rejected++;
        },
        ...(prefix !== undefined && { prefix }),
      });
      const reason = "cannot be told apart, or the name means another kind";
      const report = { rejected, ...(rejected > 0 && { reason }) };
      // Nothing would delete the group.
      if (text === "") return report;
      const url = groupUrl(access.url, job, fixed);
      // Also what is not known to have arrived has to be deleted at the end.
      group = url;
      const method = isAdded ? "POST" : "PUT";
      try {
        await send(access, { method, url, headers: TEXT, body: Buffer.from(text), signal });
      } catch (error) {
        // One half would replace the other.
        throw hasCode(error, "ELPIS_REPORTER_TOO_LARGE") ? new Reject(error.message) : error;
      }
      taken();
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
