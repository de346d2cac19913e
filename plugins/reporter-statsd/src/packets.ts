import type { Lines } from "./lines.ts";

/** What passes any network in one piece: an Ethernet frame less the headers of IPv6 and UDP. */
export const MAX_PACKET_BYTES = 1432;

/** Lines that are sent at once. */
export interface Packet {
  readonly text: string;
  /** Numbers of the points of which something is in it. */
  readonly points: ReadonlySet<number>;
}

/** Fills packets with as many lines as they hold. What is longer than one is left out, and its point is in `tooLong`. */
export function packetsOf(lines: readonly Lines[]): {
  readonly packets: Packet[];
  readonly tooLong: ReadonlySet<number>;
} {
  const packets: Packet[] = [];
  const tooLong = new Set<number>();
  let texts: string[] = [];
  let points = new Set<number>();
  let bytes = 0;
  const flush = (): void => {
    if (texts.length > 0) packets.push({ text: texts.join("\n"), points });
    [texts, points, bytes] = [[], new Set(), 0];
  };
  for (const { text, point } of lines) {
    const size = Buffer.byteLength(text);
    if (size > MAX_PACKET_BYTES) {
      tooLong.add(point);
      continue;
    }
    if (bytes > 0 && bytes + 1 + size > MAX_PACKET_BYTES) flush();
    bytes += size + (bytes > 0 ? 1 : 0);
    texts.push(text);
    points.add(point);
  }
  flush();
  return { packets, tooLong };
}
