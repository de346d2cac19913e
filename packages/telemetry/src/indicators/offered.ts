import { type Client, errorToData, type Location, type Off, type RequestContext } from "@elpis/api";
import { badValue, duplicateIndicator, indicatorLate } from "./errors.ts";
import { measure } from "./plain.ts";
import { shared } from "./shared.ts";
import type { Indicator, IndicatorScope, OfferedIndicator } from "./types.ts";
import {
  INDICATOR_TOPIC,
  type IndicatorPush,
  type IndicatorQuestion,
  type IndicatorReply,
  type IndicatorTopics,
  PUSH_TOPIC,
  type WireAnswer,
} from "./wire.ts";

/** What one indicator may say at once, and what all of a process may, in bytes: a message of the hub holds 1 MiB. */
const MAX_VALUE_BYTES = 512 * 1024;
const MAX_REPLY_BYTES = 900 * 1024;

/** What a process tells about itself. */
export interface Indicators {
  /**
   * Offers an indicator to whoever gathers its group, at once and without anything to configure.
   *
   * @throws ELPIS_TELEMETRY_DUPLICATE_INDICATOR
   */
  add<Value, Query>(indicator: Indicator<Value, Query>): OfferedIndicator<Value>;
  /** What is offered now. */
  readonly list: readonly { group: string; name: string; scope: IndicatorScope }[];
}

/**
 * The indicators of this process: always the same for the same connection to the hub.
 *
 * @example
 * import { hub } from "@elpis/core/process";
 * indicators(hub).add(defineIndicator({ group: "shop", scope: "process", collect: () => orders.length }));
 */
export const indicators: (hub: Client) => Indicators = shared(
  "indicators",
  (hub) => new Offered(hub),
);

class Offered implements Indicators {
  readonly #hub: Client<IndicatorTopics>;
  readonly #all = new Map<string, Indicator>();
  readonly #pushed = new Map<string, IndicatorPush>();
  #stop: Off | undefined;
  #watch: Off | undefined;

  constructor(hub: Client) {
    this.#hub = hub as unknown as Client<IndicatorTopics>;
  }

  get list(): Indicators["list"] {
    return [...this.#all.values()].map(({ group, name, scope }) => ({ group, name, scope }));
  }

  add<Value, Query>(indicator: Indicator<Value, Query>): OfferedIndicator<Value> {
    const key = `${indicator.group}/${indicator.name}`;
    if (this.#all.has(key)) throw duplicateIndicator("an indicator", key);
    const added = indicator as unknown as Indicator;
    this.#all.set(key, added);
    this.#stop ??= this.#hub.handle(INDICATOR_TOPIC, (question, context) =>
      this.#answer(question, context),
    );
    return {
      push: (value) => this.#push(key, added, value),
      remove: () => this.#remove(key, added),
    };
  }

  #remove(key: string, indicator: Indicator): void {
    if (this.#all.get(key) !== indicator) return;
    this.#all.delete(key);
    this.#pushed.delete(key);
    if (this.#all.size > 0) return;
    this.#stop?.();
    this.#watch?.();
    this.#stop = undefined;
    this.#watch = undefined;
  }

  async #answer(question: IndicatorQuestion, context: RequestContext): Promise<IndicatorReply> {
    const { group, query } = question;
    const asked = [...this.#all.values()].filter((one) => one.group === group && one.collect);
    const answers = await Promise.all(asked.map((one) => this.#collect(one, query, context)));
    return { answers: bounded(answers) };
  }

  async #collect(one: Indicator, query: unknown, context: RequestContext): Promise<WireAnswer> {
    const { name, scope } = one;
    try {
      const value = await inTime(one, query, context, this.#hub.location);
      const measured = measure(value, MAX_VALUE_BYTES);
      if (!measured.ok) throw badValue(`${one.group}/${name}`, measured.why);
      return { name, scope, ok: true, value };
    } catch (error) {
      return { name, scope, ok: false, error: plainError(error) };
    }
  }

  #push(key: string, indicator: Indicator, value: unknown): void {
    const { group, name, scope } = indicator;
    const measured = measure(value, MAX_VALUE_BYTES);
    if (!measured.ok) throw badValue(key, measured.why);
    if (this.#all.get(key) !== indicator) return;
    const asks = [...this.#all.values()].some((one) => one.group === group && one.collect);
    const push = { group, name, scope, value, time: Date.now(), asks };
    this.#repeatForNewcomers();
    this.#pushed.set(key, push);
    this.#tell(push);
  }

  /** Whoever gathers has been replaced, and knows nothing of what was said to the one before. */
  #repeatForNewcomers(): void {
    this.#watch ??= this.#hub.watchPeers(
      ({ type, peer }) => {
        if (type !== "left" && peer.ready) this.#repeatTo(peer);
      },
      { role: "agent" },
    );
  }

  #repeatTo({ id }: Location): void {
    for (const push of this.#pushed.values()) {
      this.#hub.emit(PUSH_TOPIC, push, { to: { id } }).catch(() => {});
    }
  }

  #tell(push: IndicatorPush): void {
    // Nobody has to gather it; the next one comes anyway.
    this.#hub.emit(PUSH_TOPIC, push).catch(() => {});
  }
}

/** @throws ELPIS_TELEMETRY_INDICATOR_TIMEOUT, and what it throws itself */
async function inTime(
  one: Indicator,
  query: unknown,
  { from, signal, deadline }: RequestContext,
  location: Location,
): Promise<unknown> {
  const { group, name, timeoutMs } = one;
  const over = new AbortController();
  // A little earlier than whoever asks, so that one that hangs does not take the answers of the others with it.
  const leftMs = Math.max(1, (deadline - performance.now()) * 0.9);
  const boundMs = Math.min(timeoutMs, leftMs);
  // Not `AbortSignal.any`, whose sources may be collected while somebody waits.
  const abort = (): void => over.abort(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  const asked = { from, location, signal: over.signal };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      over.abort();
      reject(indicatorLate(`${group}/${name}`, Math.round(boundMs)));
    }, boundMs);
  });
  try {
    return await Promise.race([one.collect?.(query, asked), late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/** Together they must fit into a message; one that does not fails alone. */
function bounded(answers: readonly WireAnswer[]): WireAnswer[] {
  let left = MAX_REPLY_BYTES;
  return answers.map((answer) => {
    const { name, scope } = answer;
    const measured = measure(answer, left);
    if (measured.ok) {
      left -= measured.bytes;
      return answer;
    }
    const error = badValue(name, "together with the others of its process it is too large");
    return { name, scope, ok: false, error: plainError(error) };
  });
}

/** Without details and causes, which may hold anything. */
function plainError(error: unknown): { name: string; message: string; code?: string } {
  const { name, message, code } = errorToData(error);
  return {
    name: name.slice(0, 100),
    message: message.slice(0, 1000),
    ...(code !== undefined && { code: code.slice(0, 100) }),
  };
}
