import type { Attributes } from "@opentelemetry/api";
import { SpanKind } from "../otel.ts";
import { TraceId } from "../wire/ids.ts";
import { newTraceId } from "./random.ts";

/** By this attribute the spans of the hub's messages are known. */
export const HUB_SYSTEM = "elpis";
const TWO_TO_32 = 2 ** 32;
/** So many bits at the end of an id are looked at: a number can have them all. */
const SHARES = 2 ** 52;
/** Those of them that the third part of an id has. */
const SHARE_MASK = 0xf_ffff;

/** What decides which traces are recorded. */
export interface RootOptions {
  /** From 0 to 1. */
  readonly ratio: number;
  readonly perSecond: number;
  /** Whether any call of others may begin a trace. */
  readonly clients: boolean;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

/**
 * Decides with the first span of a trace, before anything is paid for; whatever has a parent keeps to what that one says. The id of a trace
 * is made to fit, so that everybody who goes by it, with the same ratio, decides the same.
 */
export class RootSampler {
  readonly #options: RootOptions;
  #tokens: number;
  #at: number;

  constructor(options: RootOptions) {
    this.#options = options;
    this.#tokens = options.perSecond;
    this.#at = options.now();
  }

  /** Whether a span that belongs to no trace yet begins one that is recorded. */
  mayBegin(kind: SpanKind, attributes: Attributes | undefined): boolean {
    const { ratio, clients } = this.#options;
    const isOfOthers =
      kind === SpanKind.CLIENT && !clients && attributes?.["rpc.system.name"] !== HUB_SYSTEM;
    if (isOfOthers || (ratio < 1 && Math.random() >= ratio)) return false;
    return this.#take();
  }

  /** A new id, of which everybody who uses the same ratio thinks what was decided. */
  newTraceId(isRecorded: boolean): TraceId {
    const { ratio } = this.#options;
    const id = newTraceId();
    if (ratio >= 1 || ratio <= 0 || this.isChosen(id) === isRecorded) return id;
    const [from, to] = isRecorded ? [0, ratio] : [ratio, 1];
    const place = Math.floor((from + Math.random() * (to - from)) * SHARES);
    // So close to the other side that it may have been rounded to it.
    const bits = Math.min(Math.max(place, isRecorded ? 0 : Math.ceil(ratio * SHARES)), SHARES - 1);
    const c = (id.c & ~SHARE_MASK) | Math.floor(bits / TWO_TO_32);
    return new TraceId(id.a, id.b, c, (bits % TWO_TO_32) | 0);
  }

  /** Whether the ratio has it recorded. */
  isChosen(trace: TraceId): boolean {
    const { ratio } = this.#options;
    if (ratio >= 1) return true;
    if (ratio <= 0) return false;
    return isInRatio(trace, ratio);
  }

  #take(): boolean {
    const { now, perSecond } = this.#options;
    const at = now();
    this.#tokens = Math.min(
      Math.max(1, perSecond),
      this.#tokens + ((at - this.#at) / 1000) * perSecond,
    );
    this.#at = at;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** Whether a trace is within a ratio, by the last bits of its id, which W3C wants to be random. */
export function isInRatio({ c, d }: TraceId, share: number): boolean {
  return (c & SHARE_MASK) * TWO_TO_32 + (d >>> 0) < share * SHARES;
}
