/** Numbers and bytes of a message by the numbers of their fields; undefined when it is none. */
export function readFields(bytes: Uint8Array): Map<number, number | Uint8Array> | undefined {
  const fields = new Map<number, number | Uint8Array>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    return Number.NaN;
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        fields.set(number, varint());
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const size = varint();
        fields.set(number, bytes.subarray(at, at + size));
        at += size;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        return undefined;
    }
    if (!(at <= bytes.length)) return undefined;
  }
  return fields;
}

/** A field of a message as text. */
export function textField(fields: Map<number, number | Uint8Array>, number: number): string {
  const value = fields.get(number);
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : "";
}
