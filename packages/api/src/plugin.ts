import type { Capability } from "./capability.ts";
import type { Client, Off } from "./client.ts";
import type { Location, Role } from "./location.ts";
import type { Logger } from "./log.ts";
import type { StandardSchema } from "./schema.ts";

/** The generation of the contract between plugins and their host; a host refuses a plugin made for another one. */
export const API_LEVEL = 1;

/** What a plugin sees of the process it runs in. */
export interface PluginHost {
  /** This process's client. */
  readonly hub: Client;
  readonly log: Logger;
  readonly location: Location;
  /** Aborted when the plugin is being closed, or its setup took too long. */
  readonly signal: AbortSignal;
  /** What another plugin provides. @throws ELPIS_PLUGIN_UNDECLARED when it is not in `needs` */
  get<Value>(token: Capability<Value>): Value;
  /** What another plugin provides, if there is one. @throws ELPIS_PLUGIN_UNDECLARED when it is neither in `needs` nor in `wants` */
  find<Value>(token: Capability<Value>): Value | undefined;
  /** Hands a value to the plugins that need it. @throws ELPIS_PLUGIN_UNDECLARED when it is not in `provides` */
  provide<Value>(token: Capability<Value>, value: Value): void;
  /** Calls `task` each `intervalMs` until the plugin closes; never two at once; what it throws is logged. */
  every(intervalMs: number, task: () => unknown): Off;
  /** Calls `task` once all plugins of this process are set up. */
  onReady(task: () => unknown): void;
  /** Calls `task` when the plugin closes, last registered first. */
  onClose(task: () => unknown): void;
}

/** What a plugin is made of. */
export interface PluginDefinition<Options> {
  /** Unique among the plugins of a process; kebab-case. */
  readonly name: string;
  /** The roles whose processes run `setup`. */
  readonly roles: readonly Role[];
  /**
   * Whether an application that declares no agent gets one, if the plugin has that role: `optional` where it has nothing to
   * do in an agent that is there for nobody else. @default "needed"
   */
  readonly agent?: "needed" | "optional";
  readonly needs?: readonly Capability<unknown>[];
  /** What it uses when there is somebody who provides it; it is set up after whoever does. See {@link PluginHost.find}. */
  readonly wants?: readonly Capability<unknown>[];
  readonly provides?: readonly Capability<unknown>[];
  /** Checks the options before anything starts. */
  readonly options?: StandardSchema<Options>;
  /** Starts the plugin. Must have called `provide` for everything in `provides` when it is done. */
  setup(host: PluginHost, options: Options): void | Promise<void>;
  /** How long `setup` and each `onClose` task may take, in milliseconds. @default 10000 */
  readonly timeoutMs?: number;
}

/** A plugin together with the options somebody picked it with. */
export interface PluginUse {
  readonly apiLevel: number;
  readonly definition: PluginDefinition<unknown>;
  readonly options: unknown;
}

/**
 * Defines a plugin; the result is what its users call to pick it. Where every option may be left out, so may the argument.
 *
 * @example
 * export const hello = definePlugin<{ text?: string }>({
 *   name: "hello", roles: ["worker"], options: object({ text: "string?" }),
 *   setup(host, { text = "hello" }) { host.log.info(text); },
 * });
 * // elsewhere: plugins: [hello({ text: "hi" })]
 */
export function definePlugin<Options extends object = Record<never, never>>(
  definition: PluginDefinition<Options>,
): PluginFactory<Options> {
  const use = (options?: Options): PluginUse => ({
    apiLevel: API_LEVEL,
    definition: definition as PluginDefinition<unknown>,
    options: options ?? {},
  });
  return use as PluginFactory<Options>;
}

/** Picks a plugin with options; without an argument where all options may be left out. */
export type PluginFactory<Options> =
  Record<never, never> extends Options
    ? (options?: Options) => PluginUse
    : (options: Options) => PluginUse;
