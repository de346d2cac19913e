/** What a client may send. The first two come before `welcome`, the others after it. */
export const FROM_CLIENT = [
  "elpis.hello",
  "elpis.join",
  "elpis.listen",
  "elpis.unlisten",
  "elpis.handle",
  "elpis.unhandle",
  "elpis.emit",
  "elpis.request",
  "elpis.consume",
  "elpis.map",
  "elpis.reply",
  "elpis.cancel",
  "elpis.ready",
  "elpis.leave",
] as const;

/** What a client may be sent. */
export const TO_CLIENT = [
  "elpis.challenge",
  "elpis.welcome",
  "elpis.event",
  "elpis.call",
  "elpis.reply",
  "elpis.cancel",
  "elpis.goodbye",
] as const;

export type FromClient = (typeof FROM_CLIENT)[number];
export type ToClient = (typeof TO_CLIENT)[number];

/** Fields of a message, not yet checked. */
export type Fields = Readonly<Record<string, unknown>>;

const KNOWN = new Set<unknown>(FROM_CLIENT);

export function isFromClient(type: unknown): type is FromClient {
  return KNOWN.has(type);
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
