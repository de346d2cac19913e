import { hasCode, type Reporter } from "@elpis/api";
import snappy from "snappyjs";
import { accessOf } from "../access.ts";
import { targetLabels } from "../labels.ts";
import type { RemoteWriteOptions } from "../options.ts";
import { send } from "../send.ts";
import { encodeRequest } from "./encode.ts";
import { Owners } from "./owners.ts";
import { toWritten } from "./samples.ts";

const HEADERS = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
};

/** Codes of what a server has said. */
const ANSWERS = [
  "ELPIS_REPORTER_RETRY_LATER",
  "ELPIS_REPORTER_TOO_LARGE",
  "ELPIS_REPORTER_REJECTED",
] as const;

const REMEMBERED = 4;

/** Makes the reporter. */
export function open(options: RemoteWriteOptions): Reporter {
  const { url, labels = {}, prefix } = options;
  const access = accessOf(url, options);
  const owners = new Owners(prefix);
  /** Batches of which it is not known whether they were taken: the one at hand, and samples that were sent beside it. */
  const inDoubt = new Set<string>();
  return {
    // What it has already changes nothing.
    wants: { signals: ["metrics"], temporality: "cumulative", maxItems: 500, retry: "safe" },
    report: async ({ id, points, resource }, { signal }) => {
      const fixed = { ...labels, ...targetLabels(resource, options) };
      const written = toWritten(points, { fixed, prefix, owners });
      const { dropped } = written;
      const report = {
        rejected: dropped,
        ...(dropped > 0 && { reason: "cannot be told apart, or the name means another kind" }),
      };
      if (written.series.length === 0) return report;
      const body = snappy.compress(encodeRequest(written));
      const wasInDoubt = inDoubt.delete(id);
      try {
        await send(access, { method: "POST", url: access.url, headers: HEADERS, body, signal });
      } catch (error) {
        // What it has already it refuses.
        if (wasInDoubt && isKnown(error)) return report;
        if (!isAnswer(error)) remember(inDoubt, id);
        throw error;
      }
      return report;
    },
  };
}

/** The latest few. */
function remember(ids: Set<string>, id: string): void {
  ids.add(id);
  for (const one of ids) if (ids.size > REMEMBERED) ids.delete(one);
}

function isAnswer(error: unknown): boolean {
  return ANSWERS.some((code) => hasCode(error, code));
}

function isKnown(error: unknown): boolean {
  return hasCode(error, ANSWERS[2]) && /out of order|duplicate sample/i.test(error.message);
}
