import { errorToData, toText } from "@elpis/api";
import {
  type BodyCodec,
  bodyEnd,
  bodyStart,
  correlationOf,
  emptyFrame,
  Fault,
  Flag,
  flagsOf,
  frameAround,
  Kind,
  setCode,
  setFlags,
} from "@elpis/protocol";
import { Refused } from "./checks.ts";

/** The last frame of a call that has no value. */
export function faultFrame(correlation: number, fault: Fault): Buffer {
  const frame = emptyFrame(Kind.fault, 0, correlation);
  setCode(frame, 0, fault);
  return frame;
}

/** Gives a call back that nobody here has begun with, with its body as it came. */
export function returnedFrame(chunk: Buffer, at: number): Buffer {
  const body = chunk.subarray(bodyStart(chunk, at), bodyEnd(chunk, at));
  const frame = frameAround(body, Kind.fault, 0, correlationOf(chunk, at), 0, 0);
  setCode(frame, 0, Fault.noResponder);
  setFlags(frame, 0, Flag.returned | (flagsOf(chunk, at) & Flag.records));
  return frame;
}

/** How answers are packed for the connection that they leave over. */
export interface ReplyPacker {
  readonly codec: BodyCodec;
  readonly maxFrameBytes: number;
  packReply(value: unknown, correlation: number, withRecords: boolean): Buffer;
}

/** A value as the answer to a call; a fault when it is none that can be sent. */
export function replyFrame(
  packer: ReplyPacker,
  call: { readonly correlation: number; readonly readsRecords: boolean },
  value: unknown,
): Buffer {
  const { correlation, readsRecords } = call;
  const { codec, maxFrameBytes } = packer;
  try {
    const frame = packer.packReply(value, correlation, readsRecords);
    return frame.length > maxFrameBytes ? faultFrame(correlation, Fault.tooLarge) : frame;
  } catch (error) {
    return errorFrame(codec, correlation, error, maxFrameBytes);
  }
}

/** What a handler threw, as the answer to a call. */
export function errorFrame(
  codec: BodyCodec,
  correlation: number,
  error: unknown,
  maxFrameBytes: number,
): Buffer {
  if (error instanceof Refused) return refusedFrame(codec, correlation, error, maxFrameBytes);
  try {
    const frame = codec.frame(errorToData(error), Kind.fault, 0, correlation, 0, 0);
    if (frame.length <= maxFrameBytes) return frame;
  } catch {
    // The details of the error cannot be packed: its message can.
  }
  const short = { name: "Error", message: toText(error).slice(0, 1000) };
  return codec.frame(short, Kind.fault, 0, correlation, 0, 0);
}

/** A schema refused what was asked, or the answer. */
function refusedFrame(
  codec: BodyCodec,
  correlation: number,
  { issues }: Refused,
  maxFrameBytes: number,
): Buffer {
  const frame = codec.frame({ issues }, Kind.fault, 0, correlation, 0, 0);
  if (frame.length > maxFrameBytes) return faultFrame(correlation, Fault.badPayload);
  setCode(frame, 0, Fault.badPayload);
  return frame;
}
