const OTHER_BYTES = 8;
const KEY_BYTES = 4;

/** About how many bytes a value has as JSON, without making it. */
export function roughBytes(value: unknown): number {
  if (typeof value === "string") return textBytes(value) + 2;
  if (typeof value !== "object" || value === null) return OTHER_BYTES;
  let bytes = 2;
  if (Array.isArray(value)) {
    for (const one of value) bytes += typeof one === "number" ? OTHER_BYTES : roughBytes(one);
    return bytes;
  }
  for (const key in value) {
    bytes += key.length + KEY_BYTES + roughBytes((value as Record<string, unknown>)[key]);
  }
  return bytes;
}

/** A character beyond ASCII takes two or three bytes. */
function textBytes(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : 3 * text.length;
}
