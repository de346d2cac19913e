import { BodyCodec, emptyFrame, Kind, setFlags } from "@elpis/protocol";
import { badArgument, type CallName, tooLarge } from "../errors.ts";

const DEFAULT_WINDOW = 256;
const MAX_WINDOW = 65_536;

/** Items look the same on every connection. */
export const ITEMS: BodyCodec = new BodyCodec();

/** How a stream reaches the hub. */
export interface StreamPort {
  send(frame: Buffer): void;
  readonly maxFrameBytes: number;
}

/**
 * One item as a frame.
 * @param flags `Flag.served` from the side that serves the stream
 * @throws ELPIS_PROTOCOL_NOT_PACKABLE, ELPIS_HUB_TOO_LARGE
 */
export function itemFrame(
  call: CallName,
  item: unknown,
  correlation: number,
  flags: number,
  maxFrameBytes: number,
): Buffer {
  const frame = ITEMS.frame(item, Kind.data, 0, correlation, 0, 0);
  if (frame.length > maxFrameBytes) throw tooLarge(call, frame.length, maxFrameBytes);
  if (flags !== 0) setFlags(frame, 0, flags);
  return frame;
}

/** So many more may be sent, said by the side that opened the stream, or with `Flag.served` by the other. */
export function creditFrame(
  correlation: number,
  items: number,
  bytes: number,
  flags: number,
): Buffer {
  const frame = emptyFrame(Kind.credit, items, correlation, 0, bytes);
  if (flags !== 0) setFlags(frame, 0, flags);
  return frame;
}

/** @throws ELPIS_HUB_BAD_ARGUMENT */
export function checkWindow(window: number = DEFAULT_WINDOW): number {
  if (!(Number.isInteger(window) && window >= 1 && window <= MAX_WINDOW)) {
    throw badArgument("window", `a whole number from 1 to ${MAX_WINDOW}`, window);
  }
  return window;
}
