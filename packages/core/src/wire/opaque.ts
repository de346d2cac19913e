import { BodyCodec, HEADER_BYTES } from "@elpis/protocol";

const codec = new BodyCodec();

/**
 * A value as bytes that others keep and hand on without looking into them. They belong to the caller alone.
 * @throws ELPIS_PROTOCOL_NOT_PACKABLE
 */
export function packOpaque(value: unknown): Uint8Array {
  return copyOf(codec.frame(value, 0, 0, 0, 0, 0).subarray(HEADER_BYTES));
}

/** What {@link packOpaque} was given; throws whatever the decoder throws. */
export function unpackOpaque(bytes: Uint8Array): unknown {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return codec.unpack(buffer, 0, buffer.length);
}

/** The same bytes in memory of their own: a part of a larger piece would keep all of that alive. */
export function copyOf(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
