import { cleanText } from "./clean.ts";
import { MAX_ENDPOINT_CHARS } from "./options.ts";
import { fits } from "./series.ts";

/** One value as Open-Falcon takes it. */
export interface Item {
  readonly endpoint: string;
  readonly metric: string;
  /** Whole seconds since 1970, a multiple of the step. */
  readonly timestamp: number;
  /** Whole seconds. */
  readonly step: number;
  readonly value: number;
  readonly counterType: "GAUGE" | "COUNTER";
  readonly tags: string;
}

/** What the server's storage takes, up and down; it passes over what is outside. */
const MAX_VALUE = 1e300;
const MIN_VALUE = 1e-300;
/** Of a counter: it is kept in a whole number of 64 bits. */
const MAX_TOTAL = 2 ** 63;

/**
 * Why the server would not take an item, or lose it without a word; undefined when all is well. Everything is looked at again right
 * before it leaves, since one item with a wrong type costs the whole push.
 *
 * @param nowMs milliseconds since 1970
 */
export function itemProblem(item: Item, nowMs: number): string | undefined {
  const { endpoint, metric, timestamp, step, value, counterType } = item;
  if (!Number.isSafeInteger(step) || step < 1) return "the step is no whole number of seconds";
  if (!Number.isSafeInteger(timestamp) || timestamp < 1) return "the time is no whole second";
  if (timestamp % step !== 0) return "the time is not at the start of a step";
  if (timestamp * 1000 > nowMs) return "the time is in the future";
  if (!Number.isFinite(value) || Math.abs(value) > MAX_VALUE) return "the value is too large";
  if (value !== 0 && Math.abs(value) < MIN_VALUE) return "the value is too small";
  if (counterType === "COUNTER") {
    if (!Number.isInteger(value) || value < 0) return "the total is no whole number from 0";
    if (value >= MAX_TOTAL) return "the total is too large";
  }
  if (endpoint === "" || endpoint.length > MAX_ENDPOINT_CHARS) {
    return "the endpoint is empty or too long";
  }
  if (cleanText(endpoint, "endpoint") !== endpoint) return "the endpoint has forbidden characters";
  return seriesProblem(item, metric);
}

function seriesProblem({ tags }: Item, metric: string): string | undefined {
  if (cleanText(metric, "metric") !== metric) return "the name has forbidden characters";
  if (!fits({ metric, tags })) return "name and tags are too long";
  const pairs = tags === "" ? [] : tags.split(",");
  const names = pairs.map((pair) => pair.slice(0, pair.indexOf("=")));
  const isClean = pairs.every((pair, at) => {
    const name = names[at] as string;
    const value = pair.slice(name.length + 1);
    return (
      pair.includes("=") &&
      cleanText(name, "tagName") === name &&
      cleanText(value, "tagValue") === value
    );
  });
  if (!isClean) return "the tags have forbidden characters";
  const isSorted = names.every((name, at) => at === 0 || (names[at - 1] as string) < name);
  return isSorted ? undefined : "the tags are not in order";
}
