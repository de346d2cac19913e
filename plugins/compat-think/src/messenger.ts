import { type Client, type Logger, type Selector, toText } from "@elpis/api";
import { toThinkAnswers } from "./answers.ts";
import type { ThinkAnswers, ThinkCallOptions, ThinkMessenger } from "./contract.ts";
import { noListener } from "./errors.ts";
import { type Listener, Listeners } from "./listeners.ts";
import { OneRunner } from "./one-runner.ts";

const TOPIC_PREFIX = "elpis.think:";
const DEFAULT_TIMEOUT_MS = 30_000;
/** For what this process tells itself: nobody waits for the end of it. */
const OWN_TIMEOUT_MS = 24 * 60 * 60 * 1000;

type Task = () => unknown;

/** Speaks for one process; see {@link ThinkMessenger}. */
export class HubMessenger implements ThinkMessenger {
  readonly #hub: Client;
  readonly #log: Logger | undefined;
  /** The processes that the messenger is between. */
  readonly #family: Selector;
  readonly #listeners = new Listeners((name) => this.#tellHub(name));
  /** Ends what the hub was told about a name. */
  readonly #ends = new Map<string, () => void>();
  readonly #oneRunner: OneRunner;

  constructor(hub: Client, log?: Logger) {
    const { app, role, name } = hub.location;
    this.#hub = hub;
    this.#log = log;
    this.#family = { app, role, name };
    this.#oneRunner = new OneRunner(hub, this.#family);
  }

  on(name: string, listener: Listener): this {
    this.#listeners.add(name, listener, false);
    return this;
  }

  addListener(name: string, listener: Listener): this {
    return this.on(name, listener);
  }

  once(name: string, listener: Listener): this {
    this.#listeners.add(name, listener, true);
    return this;
  }

  off(name: string, listener: Listener): this {
    this.#listeners.remove(name, listener);
    return this;
  }

  removeListener(name: string, listener: Listener): this {
    return this.off(name, listener);
  }

  removeAllListeners(name?: string): this {
    this.#listeners.removeAll(name);
    return this;
  }

  listeners(name: string): readonly Listener[] {
    return this.#listeners.all(name);
  }

  listenerCount(name: string): number {
    return this.#listeners.count(name);
  }

  broadcast(name: string, data?: unknown): Promise<void> {
    this.#mustListen(name);
    const topic = TOPIC_PREFIX + name;
    const others = this.#hub.emit(topic, data, { to: this.#family });
    // By way of the hub as well, so that this process gets a copy like all others, and in the same order.
    const to = { id: this.#hub.location.id };
    this.#hub.consume(topic, data, { to, timeoutMs: OWN_TIMEOUT_MS }).catch(() => {});
    return this.#reported(`broadcast of "${name}"`, others);
  }

  consume(name: string, data?: unknown, options?: ThinkCallOptions): Promise<void>;
  consume(task: Task, key?: string): Promise<boolean>;
  consume(what: string | Task, data?: unknown, options?: ThinkCallOptions): Promise<unknown> {
    if (typeof what === "function") return this.runInOne(what, data as string | undefined);
    this.#mustListen(what);
    const done = this.#hub.consume(TOPIC_PREFIX + what, data, {
      to: this.#family,
      timeoutMs: options?.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      // While they start, none of them takes work yet.
      absent: "wait",
    });
    return this.#reported(`consume of "${what}"`, done);
  }

  runInOne(task: Task, key: string = task.toString()): Promise<boolean> {
    return this.#reported("runInOne", this.#runInOne(task, key));
  }

  map<Answer = unknown>(
    name: string,
    data?: unknown,
    options?: ThinkCallOptions,
  ): Promise<ThinkAnswers<Answer>> {
    const answers = this.#hub.map(TOPIC_PREFIX + name, data, {
      to: this.#family,
      timeoutMs: options?.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    });
    return this.#reported(`map of "${name}"`, answers.then(toThinkAnswers<Answer>));
  }

  async #runInOne(task: Task, key: string): Promise<boolean> {
    if (!(await this.#oneRunner.isMine(key))) return false;
    await task();
    return true;
  }

  /** @throws ELPIS_THINK_NO_LISTENER */
  #mustListen(name: string): void {
    if (this.#listeners.count(name) === 0) throw noListener(name);
  }

  /** The hub knows who listens to what: nobody else is asked, and a name that nobody listens to is an error. */
  #tellHub(name: string): void {
    const isHeard = this.#listeners.count(name) > 0;
    if (isHeard === this.#ends.has(name)) return;
    if (!isHeard) {
      this.#ends.get(name)?.();
      this.#ends.delete(name);
      return;
    }
    const topic = TOPIC_PREFIX + name;
    const offs = [
      this.#hub.on(topic, (data: unknown) => this.#tell(name, data as never)),
      this.#hub.handle(topic, (data: unknown) => this.#listeners.all(name)[0]?.(data as never)),
    ];
    this.#ends.set(name, () => {
      for (const off of offs) off();
    });
  }

  /** Each is called, whatever the others do; the first failure is the hub's to log, and to tell to whoever waits. */
  #tell(name: string, data: never): Promise<unknown> {
    const listeners = this.#listeners.take(name);
    return Promise.all(listeners.map(async (listener) => listener(data)));
  }

  /** The promise, which may be left alone: its failure is seen here. */
  #reported<Value>(what: string, promise: Promise<Value>): Promise<Value> {
    promise.catch((error: unknown) => {
      const message = `compat-think: ${what} failed: ${toText(error)}`;
      if (this.#log === undefined) process.emitWarning(message);
      else this.#log.warn(message);
    });
    return promise;
  }
}
