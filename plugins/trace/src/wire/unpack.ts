import { type Batch, batchOf } from "./batch.ts";
import { isWhole } from "./check.ts";
import { HEAD_BYTES, type PackedSpans } from "./layout.ts";
import { PackedSpan } from "./packed-span.ts";

/**
 * The spans of a batch.
 *
 * @param process whose they are
 * @param onBad told how many are none
 */
export function unpack<Process>(
  packed: PackedSpans,
  process: Process,
  onBad: (count: number) => void,
): PackedSpan<Process>[] {
  return placesIn(packed, process, onBad, isWhole);
}

/** The spans of a batch that was packed by this very process: they need not be looked at. */
export function unpackOwn<Process>(packed: PackedSpans, process: Process): PackedSpan<Process>[] {
  return placesIn(packed, process, () => {}, isOwn);
}

function isOwn(): boolean {
  return true;
}

function placesIn<Process>(
  packed: PackedSpans,
  process: Process,
  onBad: (count: number) => void,
  isGood: (batch: Batch<Process>, at: number, length: number) => boolean,
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
      onBad(count - index);
      break;
    }
    if (isGood(batch, at, length)) spans.push(new PackedSpan(batch, at));
    else onBad(1);
    at += length;
  }
  return spans;
}
