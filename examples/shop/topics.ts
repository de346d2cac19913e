import type { Client, Event, Request } from "@elpis/api";
import { typedHub } from "@elpis/core/process";

/** What one worker tells about itself. */
export interface WorkerStats {
  name: string;
  index: number;
  pid: number;
  /** HTTP requests that this process has answered. */
  requests: number;
  /** How often each article was looked at through this process. */
  views: Record<string, number>;
  /** How many price changes it heard of, and the last price of each article. */
  pricesHeard: number;
  lastPrices: Record<string, number>;
  /** How many warm-up tasks fell to this process. */
  warmed: number;
}

/** The stats of this process before it has done anything. */
export function newStats(): WorkerStats {
  const { name, index } = hub.location;
  return {
    name,
    index,
    pid: process.pid,
    requests: 0,
    views: {},
    pricesHeard: 0,
    lastPrices: {},
    warmed: 0,
  };
}

/** Everything that the processes of the shop say to one another. */
export interface Topics {
  "price.of": Request<{ sku: string }, number>;
  "price.set": Request<{ sku: string; price: number }, number>;
  "price.changed": Event<{ sku: string; price: number }>;
  "shop.stats": Request<Record<string, never>, WorkerStats>;
  "shop.warm": Event<{ sku: string }>;
}

/** This process's door to the others. A topic or a payload that is not in {@link Topics} does not compile. */
export const hub: Client<Topics> = typedHub<Topics>();
