import type { TracedMessage } from "@elpis/api";
import type { Attributes } from "@opentelemetry/api";
import { SpanKind } from "../otel.ts";
import { HUB_SYSTEM } from "../spans/sampler.ts";

/** Kinds and names as the conventions of OpenTelemetry have them for messaging and for remote calls. */
const IS_MESSAGE: ReadonlySet<TracedMessage["verb"]> = new Set(["emit", "consume", "enqueue"]);

/** What is said of all messages alike, which is nearly all. */
export interface Said {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
}

/** Topics are few; only tags of objects may be many. */
const MAX_SAID = 1000;

/** By verb, and by topic with what is called of it. */
export class AllSaid {
  readonly #way: "send" | "process";
  readonly #byVerb = new Map<TracedMessage["verb"], Map<string, Said>>();

  constructor(way: "send" | "process") {
    this.#way = way;
  }

  of(message: TracedMessage): Said {
    const { verb, topic, member } = message;
    const ofVerb = this.#byVerb.get(verb) ?? new Map<string, Said>();
    const key = member === undefined ? topic : `${topic} ${member}`;
    const known = ofVerb.get(key);
    if (known !== undefined) return known;
    if (ofVerb.size >= MAX_SAID) ofVerb.clear();
    const said = {
      name: nameOf(message, this.#way),
      kind: kindOf(verb, this.#way),
      attributes: attributesOf(message, this.#way),
    };
    this.#byVerb.set(verb, ofVerb.set(key, said));
    return said;
  }
}

function kindOf(verb: TracedMessage["verb"], way: "send" | "process"): SpanKind {
  if (IS_MESSAGE.has(verb)) return way === "send" ? SpanKind.PRODUCER : SpanKind.CONSUMER;
  return way === "send" ? SpanKind.CLIENT : SpanKind.SERVER;
}

function nameOf({ verb, topic, member }: TracedMessage, way: "send" | "process"): string {
  if (verb === "call") return `${topic}.${member}`;
  return IS_MESSAGE.has(verb) ? `${way} ${topic}` : topic;
}

function attributesOf({ verb, topic, member }: TracedMessage, way: "send" | "process"): Attributes {
  if (IS_MESSAGE.has(verb)) {
    return {
      "messaging.system": HUB_SYSTEM,
      "messaging.destination.name": topic,
      "messaging.operation.type": way,
      "messaging.operation.name": verb,
    };
  }
  return {
    "rpc.system.name": HUB_SYSTEM,
    "rpc.method": member === undefined ? topic : `${topic}/${member}`,
    "elpis.hub.verb": verb,
  };
}
