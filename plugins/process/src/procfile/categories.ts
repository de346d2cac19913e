import type { ProcessConfig } from "../config/types.ts";

/** A process of which nothing but the name has to be said. */
export interface Category {
  readonly scale?: NonNullable<ProcessConfig["scale"]>;
  readonly env: Readonly<Record<string, string>>;
}

/** Where a service runs that does not say where. */
export const DEFAULT_CATEGORY = "worker";
/** Every process, each of which is started for it. */
export const ALL = "all";
/** Every process that is started anyway. */
export const WEAK_ALL = "weak-all";

/** As in Pandora's own procfile; the agent has no scale because there is always one. */
const CATEGORIES: ReadonlyMap<string, Category> = new Map([
  ["agent", { env: { agent: "true" } }],
  ["worker", { scale: "auto", env: { worker: "true" } }],
  ["background", { scale: 1, env: { background: "true" } }],
]);

/** Their names. */
export const CATEGORY_NAMES: readonly string[] = [...CATEGORIES.keys()];

/** The category of that name; undefined when it is a process like any other. */
export function categoryOf(name: string): Category | undefined {
  return CATEGORIES.get(name);
}
