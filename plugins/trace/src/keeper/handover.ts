import { hasCode } from "@elpis/api";
import type { OpenSpan, RelayedBatch, SentSpan } from "../topics.ts";
import type { Process } from "./members.ts";
import { sentBytes } from "./sizes.ts";
import type { Trace } from "./trace.ts";

/** A message may have 1 MiB. */
const MESSAGE_BYTES = 500_000;
const MAX_TRIES = 3;
const TOO_LARGE = "ELPIS_HUB_TOO_LARGE";

/** A part of what a successor is told. */
export interface Parcel {
  readonly batch: RelayedBatch;
  /** Spans in it that are over. */
  readonly spans: number;
}

/** What another keeper needs to go on with these traces, in parts that fit into messages. */
export function* parcelsOf(traces: readonly Trace[]): Generator<Parcel> {
  let parcel = new OpenParcel();
  for (const { spans } of traces) {
    for (const span of spans) {
      const { process, isOpen } = span;
      const { source: _, ...sent } = span.record(process.point);
      const bytes = sentBytes(sent);
      if (parcel.bytes > 0 && parcel.bytes + bytes > MESSAGE_BYTES) {
        yield parcel.close();
        parcel = new OpenParcel();
      }
      parcel.add(sent, process, isOpen, bytes);
    }
  }
  if (parcel.bytes > 0) yield parcel.close();
}

class OpenParcel {
  bytes = 0;
  #spans = 0;
  readonly #lists = new Map<Process, { readonly spans: SentSpan[]; readonly open: OpenSpan[] }>();

  add(sent: SentSpan, process: Process, isOpen: boolean, bytes: number): void {
    const lists = this.#lists.get(process) ?? { spans: [], open: [] };
    if (!this.#lists.has(process)) {
      this.#lists.set(process, lists);
      this.bytes += sentBytes(process.source);
    }
    this.bytes += bytes;
    if (isOpen) {
      lists.open.push(openOf(sent));
      return;
    }
    this.#spans += 1;
    lists.spans.push(sent);
  }

  close(): Parcel {
    const relayed = [...this.#lists].map(([{ source }, batch]) => ({ source, batch }));
    return { batch: { relayed }, spans: this.#spans };
  }
}

function openOf({ traceId, spanId, parentSpanId, name, kind, start, tags }: SentSpan): OpenSpan {
  const parent = parentSpanId === undefined ? {} : { parentSpanId };
  return { traceId, spanId, ...parent, name, kind, start, tags };
}

/** What became of spans that were handed over. */
export interface HandedOver {
  readonly handed: number;
  readonly lost: number;
  /** Why the last of them were lost. */
  readonly error: Error | undefined;
}

/**
 * Hands traces over, one part after the other. When one is not taken, whoever is to take it has gone: so will be the others.
 *
 * @param send rejects when a part was not taken; it is tried a few times
 */
export async function handOver(
  traces: readonly Trace[],
  send: (batch: RelayedBatch) => Promise<unknown>,
): Promise<HandedOver> {
  let [handed, lost] = [0, 0];
  let error: Error | undefined;
  let isGone = false;
  for (const { batch, spans } of parcelsOf(traces)) {
    const failure: Error | undefined = isGone ? error : await tryToSend(() => send(batch));
    if (failure === undefined) {
      handed += spans;
      continue;
    }
    lost += spans;
    error = failure;
    isGone ||= !hasCode(failure, TOO_LARGE);
  }
  return { handed, lost, error };
}

async function tryToSend(send: () => Promise<unknown>): Promise<Error | undefined> {
  for (let left = MAX_TRIES; ; left--) {
    try {
      await send();
      return undefined;
    } catch (error) {
      if (left <= 1 || hasCode(error, TOO_LARGE)) return error as Error;
    }
  }
}
