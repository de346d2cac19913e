import type { Logger } from "../log.ts";
import { definePlugin, type PluginDefinition, type PluginUse } from "../plugin.ts";
import type { StandardSchema } from "../schema.ts";
import type { Duration } from "../units.ts";
import type { Batch, Signal } from "./batch.ts";
import type { PointFilter, Scope, Tags, Temporality } from "./points.ts";
import { reporters } from "./reporters.ts";
import { splitOptions, splitSchema } from "./use-schema.ts";

/** What a reporter wants to be handed, and how. */
export interface Wants {
  readonly signals: readonly Signal[];
  /** Sums since their `start`, or since the batch before. @default "cumulative" */
  readonly temporality?: Temporality;
  /** Over what points are merged. `name`: one series for all processes of a name. @default "name" */
  readonly scope?: Scope;
  /** How often, in milliseconds. @default 60000 */
  readonly intervalMs?: number;
  /**
   * Whether it is handed something at whole multiples of `intervalMs` since 1970, for backends that keep one value for each. What users
   * say by `every` is then for the reporter to decide on, see {@link ReporterContext.everyMs}. @default false
   */
  readonly aligned?: boolean;
  /** Items of a batch at most. @default 1000 */
  readonly maxItems?: number;
  /** About how many bytes a batch may have, as JSON. @default 1000000 */
  readonly maxBytes?: number;
  /** What is longer is cut before it is handed over, with something at its end that keeps it apart from others. */
  readonly limits?: {
    /** Of the name of a point, span or event. @default 255 */
    readonly nameChars?: number;
    /** Of the value of a tag. @default 1024 */
    readonly valueChars?: number;
    /** Tags of one item; those that come first by name stay. @default 64 */
    readonly tags?: number;
  };
  /**
   * Whether a batch may be sent again when it is not known whether it was taken. `safe`: twice is as good as once. `refused`: only
   * after {@link RetryLater}, and when no connection could be made. `never`: not even then, since the reporter tries again by itself.
   * @default only batches of cumulative points
   */
  readonly retry?: "safe" | "refused" | "never";
}

/** What the host says with each call. */
export interface ReportCall {
  /** Aborted when the time is up, or the process ends. */
  readonly signal: AbortSignal;
  /** Of this batch, from 1. */
  readonly attempt: number;
  /** When the time is up, in milliseconds since 1970. */
  readonly deadline: number;
}

/** What became of a batch that was taken. */
export interface Report {
  /** Items that the backend did not take. @default 0 */
  readonly rejected?: number;
  /** Why. */
  readonly reason?: string;
}

/**
 * Hands batches to a backend. It never queues, splits, retries or waits longer than it is told: its host does all that.
 */
export interface Reporter {
  readonly wants: Wants;
  /**
   * Sends a batch; one at a time. Resolves when the backend has taken it. What it throws says what is to become of the batch:
   * {@link RetryLater}, {@link TooLarge}, {@link Reject}; anything else counts as rejected, but for a connection that could not be
   * made, which is tried again.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is one.
  report(batch: Batch, call: ReportCall): Promise<Report | void>;
  /** Lets go of everything, within 2 s. May be called twice. */
  close?(): Promise<void> | void;
}

/** What a reporter sees of where it runs. */
export interface ReporterContext {
  readonly log: Logger;
  /** As in each {@link Batch}. */
  readonly resource: Tags;
  /** How often it will be handed something, in milliseconds, when whoever picked it says so; else it is what it wants. */
  readonly everyMs?: number;
  /** The clock of this process, in milliseconds since 1970. */
  now(): number;
}

/** What a reporter is made of. */
export interface ReporterDefinition<Options> {
  /** Of the backend, in kebab-case. */
  readonly name: string;
  /** Checks the reporter's own options before anything starts. */
  readonly options?: StandardSchema<Options>;
  /** Makes one. Is tried again later when it fails: load what is large, and read files, here. */
  open(options: Options, context: ReporterContext): Reporter | Promise<Reporter>;
}

/** What everybody who picks a reporter may say, beside the reporter's own options, which cannot have these names. */
export interface ReporterUse {
  /** Tells two of one kind apart. @default that of the reporter */
  readonly name?: string;
  /** How often it is handed something. @default what it wants */
  readonly every?: Duration;
  /** How long one attempt may take. @default "10s" */
  readonly timeout?: Duration;
  /** Over what points are merged. @default what it wants */
  readonly scope?: Scope;
  /** The points that it gets. @default all */
  readonly only?: PointFilter;
  /** What waits for the backend at most; what is older is dropped and counted. @default 50000 items, 32 MB */
  readonly queue?: { readonly items?: number; readonly bytes?: number };
  /** Added to the resource of each batch, such as `{ "deployment.environment.name": "production" }`. */
  readonly resource?: Tags;
}

/** Picks a reporter with options; without an argument where all options may be left out. */
export type ReporterFactory<Options> = (Record<never, never> extends Options
  ? (options?: Options & ReporterUse) => PluginUse
  : (options: Options & ReporterUse) => PluginUse) & {
  readonly definition: ReporterDefinition<Options>;
};

/**
 * Defines a reporter; the result is what its users call to pick it. It runs in the one process that merges what all others
 * measure.
 *
 * @example
 * export const acme = defineReporter<{ url: string }>({
 *   name: "acme", options: object({ url: "url" }),
 *   open: ({ url }) => ({
 *     wants: { signals: ["metrics"], temporality: "delta", intervalMs: 60_000, maxItems: 500 },
 *     report: async ({ points }, { signal }) => {
 *       const body = JSON.stringify(points.map(({ name, tags }) => ({ name, tags })));
 *       await checkAnswer(await fetch(url, { method: "POST", body, signal }));
 *     },
 *   }),
 * });
 * // elsewhere: plugins: [metrics(), acme({ url: "https://acme.example/in", every: "30s" })]
 */
export function defineReporter<Options extends object = Record<never, never>>(
  definition: ReporterDefinition<Options>,
): ReporterFactory<Options> {
  const use = (options: Options & ReporterUse = {} as Options): PluginUse => {
    const { name = definition.name } = options as ReporterUse;
    const plugin: PluginDefinition<Options & ReporterUse> = {
      name: `reporter-${String(name)}`,
      roles: ["master", "agent"],
      needs: [reporters],
      options: splitSchema(definition.options),
      setup(host, options) {
        const open = definition.open.bind(definition) as ReporterDefinition<unknown>["open"];
        const added = { name: String(name), kind: definition.name, open, ...splitOptions(options) };
        host.onClose(host.get(reporters).add(added));
      },
    };
    return definePlugin<Options & ReporterUse>(plugin)(options as never);
  };
  return Object.assign(use, { definition }) as unknown as ReporterFactory<Options>;
}
