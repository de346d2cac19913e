import type { Client, Off } from "@elpis/api";
import { checkName, checkTimeout, DEFAULT_TIMEOUT_MS } from "./define.ts";
import { badIndicator, duplicateIndicator, noEndpoint } from "./errors.ts";
import { gather } from "./gather.ts";
import { pushedTo } from "./pushed.ts";
import { shared } from "./shared.ts";
import type { Gathered } from "./types.ts";

/** What an endpoint is asked with: the query of its URL. */
export type EndpointQuery = Readonly<Record<string, string>>;

/** One place that shows what all indicators of a group say. */
export interface EndpointDefinition<Value = unknown, Result = unknown> {
  /** Whose indicators it gathers. */
  readonly group: string;
  /** Where it is, such as `/shop`. */
  readonly path: string;
  /** What it shows, for a list. */
  readonly title?: string;
  /** How long the indicators have, in milliseconds. @default 3000 */
  readonly timeoutMs?: number;
  /** Makes of the answers what is shown; plain data. */
  gather(answers: Gathered<Value>, query: EndpointQuery): Result | Promise<Result>;
}

/** An endpoint with everything filled in. */
export interface Endpoint<Value = unknown, Result = unknown> {
  readonly group: string;
  readonly path: string;
  readonly title: string;
  readonly timeoutMs: number;
  readonly gather: (answers: Gathered<Value>, query: EndpointQuery) => Result | Promise<Result>;
}

/** What an endpoint shows. */
export interface EndpointResult<Result = unknown> {
  readonly value: Result;
  readonly partial: boolean;
  /** Those who did not answer, such as `shop/web.1`. */
  readonly absent: readonly string[];
}

/** The endpoints of a process, usually the agent. */
export interface Endpoints {
  /** @throws ELPIS_TELEMETRY_DUPLICATE_INDICATOR */
  add<Value, Result>(endpoint: Endpoint<Value, Result>): Off;
  readonly list: readonly Endpoint[];
  /** Gathers, and shows. @throws ELPIS_TELEMETRY_NO_ENDPOINT, ELPIS_HUB_CLOSED, and what its `gather` throws */
  ask(path: string, query?: EndpointQuery): Promise<EndpointResult>;
}

/**
 * Defines an endpoint, for `endpoints(hub).add(…)`.
 *
 * @throws ELPIS_TELEMETRY_BAD_INDICATOR
 * @example
 * const shop = defineEndpoint<number>({
 *   group: "shop",
 *   path: "/shop",
 *   gather: ({ answers }) => answers.reduce((sum, { value }) => sum + value, 0),
 * });
 */
export function defineEndpoint<Value = unknown, Result = unknown>(
  definition: EndpointDefinition<Value, Result>,
): Endpoint<Value, Result> {
  const { group, path, title = group, timeoutMs = DEFAULT_TIMEOUT_MS } = definition;
  checkName("endpoint", "group", group);
  if (typeof path !== "string" || !/^(\/[\w.-]{1,64}){1,8}$/.test(path)) {
    throw badIndicator("endpoint", "path", "a path such as /shop/orders", path);
  }
  checkTimeout("endpoint", timeoutMs);
  if (typeof definition.gather !== "function") {
    throw badIndicator("endpoint", "gather", "a function", definition.gather);
  }
  return { group, path, title, timeoutMs, gather: (all, query) => definition.gather(all, query) };
}

/** The endpoints of this process: always the same for the same connection to the hub. */
export const endpoints: (hub: Client) => Endpoints = shared("endpoints", (hub) => new Shown(hub));

class Shown implements Endpoints {
  readonly #hub: Client;
  readonly #all = new Map<string, Endpoint>();

  constructor(hub: Client) {
    this.#hub = hub;
  }

  get list(): readonly Endpoint[] {
    return [...this.#all.values()];
  }

  add<Value, Result>(endpoint: Endpoint<Value, Result>): Off {
    const { path } = endpoint;
    if (this.#all.has(path)) throw duplicateIndicator("an endpoint", path);
    const added = endpoint as unknown as Endpoint;
    this.#all.set(path, added);
    // What is pushed from now on is not missed.
    pushedTo(this.#hub);
    return () => {
      if (this.#all.get(path) === added) this.#all.delete(path);
    };
  }

  async ask(path: string, query: EndpointQuery = {}): Promise<EndpointResult> {
    const endpoint = this.#all.get(path);
    if (endpoint === undefined) throw noEndpoint(path, [...this.#all.keys()]);
    const { group, timeoutMs } = endpoint;
    const gathered = await gather(this.#hub, group, { query, timeoutMs });
    const value = await endpoint.gather(gathered, query);
    const absent = gathered.absent.map(({ from }) => `${from.app}/${from.name}.${from.index}`);
    return { value, partial: gathered.partial, absent };
  }
}
