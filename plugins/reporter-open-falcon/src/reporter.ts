import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import {
  type Batch,
  hasCode,
  type Point,
  type Report,
  type ReportCall,
  type Reporter,
  type ReporterContext,
} from "@elpis/api";
import { cleanText, cutText } from "./clean.ts";
import { Memory } from "./memory.ts";
import { DEFAULT_AGENT, MAX_ENDPOINT_CHARS, type OpenFalconOptions } from "./options.ts";
import { type Prepared, prepare } from "./prepare.ts";
import type { Send, Taken } from "./send/answer.ts";
import { failureOf, PATIENCE_MS } from "./send/failures.ts";
import { toAgent, toTransfer } from "./send/http.ts";
import { toRpc } from "./send/rpc.ts";
import { within } from "./send/within.ts";
import { stepFor } from "./step.ts";

/** A histogram is eight items, and a push had better have no more than two thousand. */
const MAX_POINTS = 250;
/** Leaves room for tags: the server finds 255 characters of both together. */
const MAX_NAME_CHARS = 150;
/** How far two clocks of one machine may be apart. */
const MAX_SKEW_MS = 1000;

/** Makes the reporter. @throws ELPIS_FALCON_STEP */
export function openFalconReporter(options: OpenFalconOptions, context: ReporterContext): Reporter {
  const stepSeconds = stepFor(options, context);
  const endpoint = endpointOf(options, context);
  const send = doorOf(options);
  const memory = new Memory(stepSeconds);
  return {
    wants: {
      signals: ["metrics"],
      temporality: "cumulative",
      intervalMs: stepSeconds * 1000,
      aligned: true,
      maxItems: MAX_POINTS,
      limits: { nameChars: MAX_NAME_CHARS },
      retry: "refused",
    },
    async report({ points }: Batch, call: ReportCall): Promise<Report | undefined> {
      call.signal.throwIfAborted();
      await untilPast(points, call.signal);
      // Whichever clock is behind: a point from the future blocks its series until its time has come.
      const nowMs = Math.min(context.now(), Date.now());
      const prepared = prepare(points, memory, { endpoint, stepSeconds, nowMs });
      const taken = prepared.items.length > 0 ? await deliver(send, prepared, call) : {};
      return reportOf(prepared, taken, points.length);
    },
  };
}

/**
 * Waits for the clock of the system where it is a little behind the one that points have their times from: at the start of a step a
 * millisecond would put them into the step before.
 */
async function untilPast(points: readonly Point[], signal: AbortSignal): Promise<void> {
  const latest = points.reduce((max, { time }) => Math.max(max, time), 0);
  for (let ms = latest - Date.now(); ms > 0 && ms <= MAX_SKEW_MS; ms = latest - Date.now()) {
    await pause(Math.ceil(ms), undefined, { signal });
  }
}

function endpointOf({ endpoint }: OpenFalconOptions, { resource }: ReporterContext): string {
  if (endpoint !== undefined) return endpoint;
  const { "host.name": known } = resource;
  const name = typeof known === "string" && known !== "" ? known : hostname();
  return cutText(cleanText(name, "endpoint"), MAX_ENDPOINT_CHARS);
}

function doorOf({ agent, transfer }: OpenFalconOptions): Send {
  if (transfer === undefined) return toAgent(agent ?? DEFAULT_AGENT);
  return new URL(transfer).protocol === "tcp:" ? toRpc(transfer) : toTransfer(transfer);
}

async function deliver(
  send: Send,
  { items, plan }: Prepared,
  { signal, attempt }: ReportCall,
): Promise<Taken> {
  try {
    const taken = await within(PATIENCE_MS, signal, async (over) => {
      try {
        return await send(items, over);
      } catch (error) {
        throw failureOf(error, over, attempt);
      }
    });
    plan.commit();
    return taken;
  } catch (failure) {
    // These steps are used up when something may have been taken, and when the server does not want it.
    if (hasCode(failure, "ELPIS_REPORTER_REJECTED") || failure instanceof DOMException) {
      plan.commit();
    }
    throw failure;
  }
}

/** A server counts items, the host points. */
function reportOf(
  { rejected, reason }: Prepared,
  { invalid = 0 }: Taken,
  points: number,
): Report | undefined {
  if (rejected === 0 && invalid === 0) return undefined;
  const said = invalid > 0 ? `the transfer calls ${invalid} items invalid` : undefined;
  const reasons = [reason, said].filter((one) => one !== undefined);
  return { rejected: Math.min(points, rejected + invalid), reason: reasons.join("; ") };
}
