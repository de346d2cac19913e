import { createHmac, timingSafeEqual } from "node:crypto";

/** A message of either side, without its signature. */
export interface Message {
  readonly type: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly id?: number | string;
}

/** The hexadecimal HMAC-SHA1 of a message as JSON; the order of its keys counts. */
function signatureOf(message: object, secret: string): string {
  return createHmac("sha1", secret).update(JSON.stringify(message)).digest("hex");
}

/** A message as it goes out. */
export function signed(message: object, secret: string): string {
  return JSON.stringify({ ...message, signature: signatureOf(message, secret) });
}

/** What came in. Without a signature only the server's refusal of ours means anything. */
export type Received =
  | { readonly isSigned: true; readonly message: Message }
  | { readonly isSigned: false; readonly refusal: string };

/** Reads a message; undefined for one that is none, or that somebody else has signed. */
export function received(text: string, secret: string): Received | undefined {
  const all = parsed(text);
  if (all === undefined) return undefined;
  const { signature, ...message } = all;
  const params = isRecord(message.params) ? message.params : {};
  if (signature === undefined || signature === "") {
    if (message.type !== "error") return undefined;
    return { isSigned: false, refusal: String(params.error ?? "it says nothing more") };
  }
  if (!isSame(String(signature), signatureOf(message, secret))) return undefined;
  return { isSigned: true, message: { ...message, type: String(message.type), params } };
}

function isSame(theirs: string, ours: string): boolean {
  const [one, other] = [Buffer.from(theirs), Buffer.from(ours)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
