import type { HubTracing, Leaving, Selector, TracedMessage } from "@elpis/api";
import { bodyStart, HEADER_BYTES, Kind } from "@elpis/protocol";
import { OBJECT_TOPIC_PREFIX } from "../objects/names.ts";

/** What the topics of Elpis itself, and of its plugins, begin with. */
const OWN_TOPIC_PREFIX = "elpis.";
const VERBS: Partial<Record<Kind, TracedMessage["verb"]>> = {
  [Kind.event]: "emit",
  [Kind.request]: "request",
  [Kind.consume]: "consume",
  [Kind.map]: "map",
  [Kind.open]: "stream",
};

/** What a message is to whoever follows it; undefined: it is one of Elpis itself, which is not followed. */
export function messageOf(kind: Kind, topic: string, value: unknown): TracedMessage | undefined {
  if (!topic.startsWith(OWN_TOPIC_PREFIX)) {
    const verb = VERBS[kind];
    return verb === undefined ? undefined : { verb, topic };
  }
  // A call of an object is a request underneath.
  if (!topic.startsWith(OBJECT_TOPIC_PREFIX) || !Array.isArray(value)) return undefined;
  const [op, member] = value as unknown[];
  if (typeof member !== "string" || (op !== "call" && op !== "get")) return undefined;
  const object = topic.slice(OBJECT_TOPIC_PREFIX.length);
  return { verb: "call", topic: object, member: op === "call" ? member : `get ${member}` };
}

/** Tells whoever follows messages that one is about to leave. */
export function leave(
  tracing: HubTracing,
  kind: Kind,
  topic: string,
  value: unknown,
  to: Selector | undefined,
): Leaving | undefined {
  const message = messageOf(kind, topic, value);
  return message === undefined ? undefined : tracing.leaving(message, to);
}

/** What travels with a message; undefined: nothing does. */
export function extensionOf(leaving: Leaving | undefined): Uint8Array | undefined {
  return leaving === undefined || leaving.extension.length === 0 ? undefined : leaving.extension;
}

/** What came with the frame at `at`, between header and body; undefined: nothing did. */
export function extensionIn(chunk: Buffer, at: number): Uint8Array | undefined {
  const [start, end] = [at + HEADER_BYTES, bodyStart(chunk, at)];
  return start === end ? undefined : chunk.subarray(start, end);
}
