import { batchOf } from "./batch.ts";
import { isWhole } from "./check.ts";
import { HEAD_BYTES, type PackedSpans } from "./layout.ts";
import { PackedSpan } from "./packed-span.ts";

/**
 * The spans of a batch.
 *
 * @param process whose they are
 * @param onBad told how many are none; undefined: they were packed here, and need not be looked at
 */
export function unpack<Process>(
  packed: PackedSpans,
  process: Process,
  onBad: ((count: number) => void) | undefined,
): PackedSpan<Process>[] {
  const { count } = packed;
  const batch = batchOf(packed, process);
  const { view } = batch;
  const spans: PackedSpan<Process>[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    const length = at + HEAD_BYTES <= view.byteLength ? view.getUint32(at, true) : 0;
    // Where one has no end nothing is known of the others.
    if (length < HEAD_BYTES || at + length > view.byteLength) {
      onBad?.(count - index);
      break;
    }
    if (onBad === undefined || isWhole(batch, at, length)) spans.push(new PackedSpan(batch, at));
    else onBad(1);
    at += length;
  }
  return spans;
}
