import { isWhole } from "./check.ts";
import { HEAD_BYTES, type PackedSpans } from "./layout.ts";
import { bytesOfTexts, PackedSpan } from "./packed-span.ts";

/**
 * The spans of a batch.
 *
 * @param onBad told how many are none
 */
export function unpack(packed: PackedSpans, onBad: (count: number) => void): PackedSpan[] {
  const { texts, count } = packed;
  // Else all that was read with it from a socket would be held as well.
  const bytes = Buffer.from(packed.bytes);
  const batch = { texts, bytes, share: Math.ceil(bytesOfTexts(texts) / Math.max(1, count)) };
  const spans: PackedSpan[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    const length = at + HEAD_BYTES <= bytes.length ? bytes.readUInt32LE(at) : 0;
    // Where one has no end nothing is known of the others.
    if (length < HEAD_BYTES || at + length > bytes.length) {
      onBad(count - index);
      break;
    }
    if (isWhole(batch, at, length)) spans.push(new PackedSpan(batch, at));
    else onBad(1);
    at += length;
  }
  return spans;
}
