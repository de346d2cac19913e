import { BodyCodec, bodyEnd, bodyStart } from "@elpis/protocol";

const codec = new BodyCodec();

/**
 * A value as bytes that stand for themselves: no connection, and no earlier message, is needed to read them.
 * @throws ELPIS_PROTOCOL_NOT_PACKABLE
 */
export function packPayload(value: unknown): Uint8Array {
  const frame = codec.frame(value, 0, 0, 0, 0, 0);
  return frame.subarray(bodyStart(frame, 0), bodyEnd(frame, 0));
}

/** The value in bytes that {@link packPayload} made; throws whatever the decoder throws. */
export function unpackPayload(bytes: Uint8Array): unknown {
  const { buffer, byteOffset, length } = bytes;
  return codec.unpack(Buffer.from(buffer, byteOffset, length), 0, length);
}
