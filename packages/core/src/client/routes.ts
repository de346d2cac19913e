import { isU32, type Selector, selectorKey, selectorProblem } from "@elpis/api";
import { type BodyCodec, Kind, MAX_ROUTES, MAX_TOPIC_BYTES } from "@elpis/protocol";
import { badArgument } from "../errors.ts";

/** The routes of one topic. */
interface TopicRoutes {
  plain: number | undefined;
  readonly bySelector: Map<string, number>;
}

/**
 * Gives each pair of topic and selector a number and tells the hub what it means before its first use. When the numbers
 * run out the oldest is given a new meaning; frames arrive in order, so the hub is never in doubt.
 */
export class Routes {
  readonly #topics = new Map<string, TopicRoutes>();
  /** By number: how to forget it. */
  readonly #forget: Array<() => void> = [];
  readonly #codec: BodyCodec;
  readonly #send: (frame: Buffer) => void;
  #next = 0;

  constructor(codec: BodyCodec, send: (frame: Buffer) => void) {
    this.#codec = codec;
    this.#send = send;
  }

  /** @throws ELPIS_HUB_BAD_ARGUMENT */
  number(topic: string, to: Selector | undefined): number {
    const routes = this.#topics.get(topic) ?? this.#addTopic(topic);
    if (to === undefined) {
      routes.plain ??= this.#declare(topic, undefined, () => {
        routes.plain = undefined;
        this.#tidy(topic, routes);
      });
      return routes.plain;
    }
    const problem = selectorProblem(to);
    if (problem !== undefined) {
      const { part, expected } = problem;
      throw badArgument(`selector.${part}`, expected, to[part as keyof Selector]);
    }
    const key = selectorKey(to);
    const known = routes.bySelector.get(key);
    if (known !== undefined) return known;
    const number = this.#declare(topic, to, () => {
      routes.bySelector.delete(key);
      this.#tidy(topic, routes);
    });
    routes.bySelector.set(key, number);
    return number;
  }

  #tidy(topic: string, routes: TopicRoutes): void {
    if (routes.plain === undefined && routes.bySelector.size === 0) this.#topics.delete(topic);
  }

  #addTopic(topic: string): TopicRoutes {
    checkTopic(topic);
    const routes: TopicRoutes = { plain: undefined, bySelector: new Map() };
    this.#topics.set(topic, routes);
    return routes;
  }

  #declare(topic: string, to: Selector | undefined, forget: () => void): number {
    const number = this.#next;
    this.#next = (number + 1) % MAX_ROUTES;
    this.#forget[number]?.();
    this.#forget[number] = forget;
    const body = to === undefined ? { topic } : { topic, to: withoutGaps(to) };
    this.#send(this.#codec.frame(body, Kind.route, number, 0, 0, 0));
    return number;
  }
}

/** A part that is there and undefined is left out: it means the same. */
function withoutGaps(selector: Selector): Selector {
  return Object.fromEntries(Object.entries(selector).filter(([, value]) => value !== undefined));
}

/** @throws ELPIS_HUB_BAD_ARGUMENT */
export function checkTopic(topic: string): void {
  if (typeof topic !== "string" || topic === "" || Buffer.byteLength(topic) > MAX_TOPIC_BYTES) {
    throw badArgument("topic", `a text of 1 to ${MAX_TOPIC_BYTES} bytes`, topic);
  }
}

/**
 * The peer that a selector names by its number alone, or 0: then it is a route's to understand, or to refuse. It runs for
 * every call, so it makes nothing.
 */
export function soleId(selector: Selector | undefined): number {
  const id = selector?.id;
  if (id === undefined || !isU32(id)) return 0;
  for (const part in selector) {
    if (part !== "id" && selector[part as keyof Selector] !== undefined) return 0;
  }
  return id;
}
