import { SPAN_MS, spanOf } from "./spans.ts";
import type { RotationPolicy } from "./types.ts";

/** What is known of a file that is written. */
export interface FileState {
  readonly bytes: number;
  /** The span of time that its lines belong to, as `spanOf` gives it; undefined where files have none. */
  readonly span: number | undefined;
}

/** What to do with a file before more is written to it. */
export type RotationDecision =
  | { readonly act: "stay" }
  /** Its lines belong to another span from now on. */
  | { readonly act: "rekey"; readonly span: number }
  /** It is put aside. `span` is that of the file that takes its place. */
  | {
      readonly act: "rotate";
      readonly why: "time" | "size";
      readonly span: number | undefined;
    };

const STAY: RotationDecision = { act: "stay" };

/**
 * Whether a file is put aside. Time acts once: a clock that goes back over the end of a span and forward again does not
 * do it twice; after a clock that was far ahead, the file belongs to the time that it is now.
 *
 * @param nowMs milliseconds since 1970
 * @param comingBytes what is about to be written
 */
export function decideRotation(
  policy: Pick<RotationPolicy, "every" | "maxBytes">,
  state: FileState,
  nowMs: number,
  comingBytes = 0,
): RotationDecision {
  return decideByTime(policy, state, nowMs) ?? decideBySize(policy, state, comingBytes);
}

function decideByTime(
  { every }: Pick<RotationPolicy, "every">,
  { bytes, span }: FileState,
  nowMs: number,
): RotationDecision | undefined {
  if (every === undefined) return undefined;
  const now = spanOf(every, nowMs);
  if (span === undefined || now < span - SPAN_MS[every]) return { act: "rekey", span: now };
  if (now <= span) return undefined;
  return bytes > 0 ? { act: "rotate", why: "time", span: now } : { act: "rekey", span: now };
}

function decideBySize(
  { maxBytes }: Pick<RotationPolicy, "maxBytes">,
  { bytes, span }: FileState,
  comingBytes: number,
): RotationDecision {
  if (maxBytes === undefined || bytes === 0 || bytes + comingBytes <= maxBytes) return STAY;
  return { act: "rotate", why: "size", span };
}
