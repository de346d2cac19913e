/** Numbers and bytes of a message by the numbers of their fields, the last of each; undefined when it is none. */
export function readFields(bytes: Uint8Array): Map<number, number | Uint8Array> | undefined {
  const all = readAll(bytes);
  return all === undefined ? undefined : new Map(all);
}

/** The same of fields that may be there several times. */
export function readAll(
  bytes: Uint8Array,
): (readonly [field: number, value: number | Uint8Array])[] | undefined {
  const fields: [number, number | Uint8Array][] = [];
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
        fields.push([number, varint()]);
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const size = varint();
        fields.push([number, bytes.subarray(at, at + size)]);
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
