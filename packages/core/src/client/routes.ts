import { type Balance, isU32, type Selector, selectorKey, selectorProblem } from "@elpis/api";
import {
  type BalanceName,
  type BodyCodec,
  Kind,
  MAX_ROUTES,
  MAX_TOPIC_BYTES,
} from "@elpis/protocol";
import { badArgument } from "../errors.ts";
import { balanceName } from "./call-options.ts";

/** The routes of one topic. */
interface TopicRoutes {
  readonly topic: string;
  /** To everybody, as the verb has it. */
  plain: number | undefined;
  /** By selector and balance. */
  special: Map<string, number> | undefined;
}

/** What a number means. */
interface Declared {
  readonly routes: TopicRoutes;
  /** Among the special ones; undefined for the plain one. */
  readonly key: string | undefined;
}

/**
 * Gives each pair of topic and selector (and way to pick one of several) a number and tells the hub what it means before
 * its first use. When the numbers run out the oldest is given a new meaning; frames arrive in order, so the hub is never
 * in doubt.
 */
export class Routes {
  readonly #topics = new Map<string, TopicRoutes>();
  readonly #declared: Declared[] = [];
  readonly #codec: BodyCodec;
  readonly #send: (frame: Buffer) => void;
  #next = 0;

  constructor(codec: BodyCodec, send: (frame: Buffer) => void) {
    this.#codec = codec;
    this.#send = send;
  }

  /** @throws ELPIS_HUB_BAD_ARGUMENT */
  number(topic: string, to: Selector | undefined, balance?: Balance): number {
    const routes = this.#topics.get(topic) ?? this.#addTopic(topic);
    if (to === undefined && balance === undefined) {
      routes.plain ??= this.#declare({ routes, key: undefined }, undefined, undefined);
      return routes.plain;
    }
    return this.#special(routes, to, balance === undefined ? undefined : balanceName(balance));
  }

  /** The topic that a number means at present. */
  topicOf(number: number): string | undefined {
    return this.#declared[number]?.routes.topic;
  }

  #special(
    routes: TopicRoutes,
    to: Selector | undefined,
    balance: BalanceName | undefined,
  ): number {
    const problem = to === undefined ? undefined : selectorProblem(to);
    if (problem !== undefined) {
      const { part, expected } = problem;
      throw badArgument(`selector.${part}`, expected, to?.[part as keyof Selector]);
    }
    const key = `${balance ?? ""}/${selectorKey(to)}`;
    routes.special ??= new Map();
    const known = routes.special.get(key);
    if (known !== undefined) return known;
    const number = this.#declare({ routes, key }, to, balance);
    routes.special.set(key, number);
    return number;
  }

  #addTopic(topic: string): TopicRoutes {
    checkTopic(topic);
    const routes: TopicRoutes = { topic, plain: undefined, special: undefined };
    this.#topics.set(topic, routes);
    return routes;
  }

  #declare(declared: Declared, to: Selector | undefined, balance: BalanceName | undefined): number {
    const number = this.#next;
    this.#next = (number + 1) % MAX_ROUTES;
    const before = this.#declared[number];
    if (before !== undefined) this.#forget(before);
    this.#declared[number] = declared;
    const { topic } = declared.routes;
    // The number may have been the last one of this same topic.
    this.#topics.set(topic, declared.routes);
    const body = {
      topic,
      ...(to !== undefined && { to: withoutGaps(to) }),
      ...(balance !== undefined && { balance }),
    };
    this.#send(this.#codec.frame(body, Kind.route, number, 0, 0, 0));
    return number;
  }

  #forget({ routes, key }: Declared): void {
    if (key === undefined) routes.plain = undefined;
    else routes.special?.delete(key);
    const isUsed = routes.plain !== undefined || (routes.special?.size ?? 0) > 0;
    if (!isUsed && this.#topics.get(routes.topic) === routes) this.#topics.delete(routes.topic);
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
