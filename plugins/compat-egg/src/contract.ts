import type { Listener } from "./listeners.ts";

/** What `egg-ready` carries. */
export interface EggReady {
  /** Directory of the application. */
  readonly baseDir?: string;
  /** How many app workers there are. */
  readonly workers?: number;
}

/**
 * The messenger of Egg: between the agent, which is the agent here as well, and the app workers, which are all workers.
 *
 * `egg-ready` comes once in each process, when the whole application has started and this process is ready; it carries
 * {@link EggReady}. `egg-pids` comes with each change: in the agent the process ids of the app workers that are ready,
 * in an app worker that of the agent, or none. A listener to one of the two that comes later is told what it has missed.
 *
 * A call that fails rejects; where nobody waits for it, its failure is only reported, and harms nobody.
 */
export interface EggMessenger {
  on(action: string, listener: Listener): this;
  addListener(action: string, listener: Listener): this;
  once(action: string, listener: Listener): this;
  off(action: string, listener: Listener): this;
  removeListener(action: string, listener: Listener): this;
  removeAllListeners(action?: string): this;
  listeners(action: string): readonly Listener[];
  listenerCount(action: string): number;

  /** What `egg-pids` said last. */
  readonly opids: readonly number[];

  /** Tells all app workers and the agent, this process included. Resolves when more may be sent. */
  broadcast(action: string, data?: unknown): Promise<void>;
  /**
   * Tells all app workers, this process included where it is one. Before the application has started, those that come
   * later are told as well, as soon as they listen or are ready.
   */
  sendToApp(action: string, data?: unknown): Promise<void>;
  /**
   * Tells the agent. While there is none that is ready, what is sent waits for it for ten seconds.
   *
   * @throws ELPIS_HUB_NO_RESPONDER when none came that listens
   */
  sendToAgent(action: string, data?: unknown): Promise<void>;
  /**
   * From the agent: tells one of the app workers that are ready and listen, and waits ten seconds for one. From an app
   * worker: tells the agent.
   *
   * @throws ELPIS_HUB_NO_RESPONDER, ELPIS_HUB_DEADLINE when none came
   */
  sendRandom(action: string, data?: unknown): Promise<void>;
  /** Tells the process with that id. @throws ELPIS_EGG_UNKNOWN_PID */
  sendTo(pid: number | string, action: string, data?: unknown): Promise<void>;
  /**
   * Sends to `app`, to `agent`, or `reload-worker` to `master`, which asks for a reload of all processes. Without a target
   * it goes from the agent to the app workers, and from an app worker to the agent.
   *
   * @throws ELPIS_EGG_NO_ROUTE
   */
  send(action: string, data?: unknown, to?: string): Promise<void>;
  /** Calls the listeners of this process as if the message had come. */
  onMessage(message: { readonly action: string; readonly data?: unknown }): void;
  /** Ends all that it listens to. */
  close(): void;
}
