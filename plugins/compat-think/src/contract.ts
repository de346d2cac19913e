import type { ElpisError, Location } from "@elpis/api";
import type { Listener } from "./listeners.ts";

/** How long a call may take. */
export interface ThinkCallOptions {
  /** In milliseconds. @default 30000 */
  readonly timeoutMs?: number;
}

/** What one worker failed with. */
export interface ThinkFailure {
  readonly from: Location;
  readonly error: ElpisError;
}

/** The answers to a `map` in the order of the workers' numbers, without those of workers that failed. */
export type ThinkAnswers<Answer> = readonly Answer[] & {
  /** True when at least one worker that was asked gave no answer. */
  readonly partial: boolean;
  readonly failures: readonly ThinkFailure[];
};

/**
 * The messenger of think-cluster, between the processes of one name. A call that fails rejects; where nobody waits for it,
 * its failure is only reported, and harms nobody.
 */
export interface ThinkMessenger {
  on(name: string, listener: Listener): this;
  addListener(name: string, listener: Listener): this;
  once(name: string, listener: Listener): this;
  off(name: string, listener: Listener): this;
  removeListener(name: string, listener: Listener): this;
  removeAllListeners(name?: string): this;
  listeners(name: string): readonly Listener[];
  listenerCount(name: string): number;

  /**
   * Tells every process of this name that listens, this one included. Resolves when more may be sent.
   *
   * @throws ELPIS_THINK_NO_LISTENER when nothing listens to it in this process
   */
  broadcast(name: string, data?: unknown): Promise<void>;

  /**
   * Has exactly one of the processes of this name handle it, wherever it is called from; resolves when that one is done.
   * Rejects with the error of its listener, or as any call of the hub does.
   *
   * @throws ELPIS_THINK_NO_LISTENER when nothing listens to it in this process
   */
  consume(name: string, data?: unknown, options?: ThinkCallOptions): Promise<void>;
  /** As {@link ThinkMessenger.runInOne}. */
  consume(task: () => unknown, key?: string): Promise<boolean>;

  /**
   * Runs a task in one of the processes that call this: in the first that does. Calls of others within ten seconds mean
   * the same task when their `key` is equal; one process that calls twice means two. When the process that runs it dies
   * meanwhile, or the oldest process, which keeps count, a call that comes later may run it again.
   *
   * @param key what tells tasks apart. @default the text of the function
   * @returns whether it ran here; rejects with what it threw
   */
  runInOne(task: () => unknown, key?: string): Promise<boolean>;

  /**
   * Asks every process of this name that is ready and listens; the first listener of each answers. One that throws,
   * dies, or takes too long is among `failures`.
   */
  map<Answer = unknown>(
    name: string,
    data?: unknown,
    options?: ThinkCallOptions,
  ): Promise<ThinkAnswers<Answer>>;
}
