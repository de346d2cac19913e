import { type Client, type Logger, toText } from "@elpis/api";
import type { EggMessenger, EggReady } from "./contract.ts";
import { noRoute } from "./errors.ts";
import { Family } from "./family.ts";
import { type Listener, Listeners } from "./listeners.ts";
import { Routes, TOPIC_PREFIX } from "./routes.ts";

/** What this process hears of the application itself, and not from others. */
const READY = "egg-ready";
const PIDS = "egg-pids";

/** Speaks for one process; see {@link EggMessenger}. */
export class HubMessenger implements EggMessenger {
  readonly #hub: Client;
  readonly #log: Logger | undefined;
  readonly #listeners = new Listeners((action) => this.#tellHub(action));
  /** Ends what the hub was told about an action. */
  readonly #ends = new Map<string, () => void>();
  readonly #family: Family;
  readonly #routes: Routes;
  #ready: EggReady | undefined;
  #pids: readonly number[] = [];

  constructor(hub: Client, log?: Logger) {
    this.#hub = hub;
    this.#log = log;
    this.#family = new Family(hub, {
      onChange: () => this.#onChange(),
      onStarted: (ready) => this.#onStarted(ready),
    });
    this.#routes = new Routes(hub, this.#family);
  }

  get opids(): readonly number[] {
    return this.#pids;
  }

  on(action: string, listener: Listener): this {
    return this.#add(action, listener, false);
  }

  addListener(action: string, listener: Listener): this {
    return this.on(action, listener);
  }

  once(action: string, listener: Listener): this {
    return this.#add(action, listener, true);
  }

  off(action: string, listener: Listener): this {
    this.#listeners.remove(action, listener);
    return this;
  }

  removeListener(action: string, listener: Listener): this {
    return this.off(action, listener);
  }

  removeAllListeners(action?: string): this {
    this.#listeners.removeAll(action);
    return this;
  }

  listeners(action: string): readonly Listener[] {
    return this.#listeners.all(action);
  }

  listenerCount(action: string): number {
    return this.#listeners.count(action);
  }

  broadcast(action: string, data?: unknown): Promise<void> {
    return this.#reported(action, this.#routes.toAll(action, data));
  }

  sendToApp(action: string, data?: unknown): Promise<void> {
    return this.#reported(action, this.#routes.toApp(action, data));
  }

  sendToAgent(action: string, data?: unknown): Promise<void> {
    return this.#reported(action, this.#routes.toAgent(action, data));
  }

  sendRandom(action: string, data?: unknown): Promise<void> {
    const sent = this.#routes.isAgent
      ? this.#routes.toOneApp(action, data)
      : this.#routes.toAgent(action, data);
    return this.#reported(action, sent);
  }

  sendTo(pid: number | string, action: string, data?: unknown): Promise<void> {
    return this.#reported(action, this.#routes.toPid(pid, action, data));
  }

  send(action: string, data?: unknown, to?: string): Promise<void> {
    const target = to ?? (this.#routes.isAgent ? "app" : "agent");
    if (target === "app") return this.sendToApp(action, data);
    if (target === "agent") return this.sendToAgent(action, data);
    const sent =
      target === "master" && action === "reload-worker"
        ? this.#routes.reload()
        : Promise.reject(noRoute(action, target));
    return this.#reported(action, sent);
  }

  onMessage({ action, data }: { readonly action: string; readonly data?: unknown }): void {
    this.#tell(action, data);
  }

  close(): void {
    this.#family.close();
    this.#listeners.removeAll();
    this.#routes.endEarly();
  }

  #onChange(): void {
    if (!this.#family.isStarted) void this.#replay();
    const others = this.#routes.isAgent ? this.#family.workers : this.#family.agents;
    const pids = others.filter(({ ready }) => ready).map(({ pid }) => pid);
    if (pids.join() === this.#pids.join()) return;
    this.#pids = pids;
    this.#tell(PIDS, pids);
  }

  #onStarted(ready: EggReady): void {
    // Once more to those that were ready before they listened; from now on nobody is kept anything for.
    void this.#replay();
    this.#routes.endEarly();
    this.#ready = ready;
    this.#tell(READY, ready);
  }

  #replay(): Promise<void> {
    return this.#reported("what was sent before the start", this.#routes.replay());
  }

  #add(action: string, listener: Listener, once: boolean): this {
    this.#listeners.add(action, listener, once);
    const isMissed = action === READY ? this.#ready !== undefined : this.#pids.length > 0;
    if (isMissed && (action === READY || action === PIDS)) this.#tellLate(action, listener, once);
    return this;
  }

  /** A listener to what the application itself says gets what was said before. */
  #tellLate(action: string, listener: Listener, once: boolean): void {
    setImmediate(() => {
      if (!this.#listeners.all(action).includes(listener)) return;
      if (once) this.#listeners.remove(action, listener);
      this.#call(action, listener, action === READY ? this.#ready : this.#pids);
    });
  }

  #tellHub(action: string): void {
    if (action === READY || action === PIDS) return;
    const isHeard = this.#listeners.count(action) > 0;
    if (isHeard === this.#ends.has(action)) return;
    this.#ends.get(action)?.();
    this.#ends.delete(action);
    if (!isHeard) return;
    const off = this.#hub.on(TOPIC_PREFIX + action, (data: unknown) => this.#tell(action, data));
    this.#ends.set(action, off);
  }

  #tell(action: string, data: unknown): void {
    for (const listener of this.#listeners.take(action)) this.#call(action, listener, data);
  }

  /** Nobody waits for a listener, and none keeps another from being called. */
  #call(action: string, listener: Listener, data: unknown): void {
    const called = (async () => listener(data as never))();
    called.catch((error: unknown) => this.#report(`a listener to "${action}" failed`, error));
  }

  /** The promise, which may be left alone: its failure is seen here. */
  #reported<Value>(action: string, promise: Promise<Value>): Promise<Value> {
    promise.catch((error: unknown) => this.#report(`"${action}" was not sent`, error));
    return promise;
  }

  #report(what: string, error: unknown): void {
    const message = `compat-egg: ${what}: ${toText(error)}`;
    if (this.#log === undefined) process.emitWarning(message);
    else this.#log.warn(message);
  }
}
