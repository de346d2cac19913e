import { AsyncLocalStorage } from "node:async_hooks";
import type { Context, Span } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager, context, ROOT_CONTEXT, trace } from "../otel.ts";
import type { Origin } from "./origin.ts";

/** How long it is remembered that something passed, at least. */
const PASSING_MS = 1000;

/**
 * Which context is active. Where it is frugal, Node keeps contexts apart only while something is recorded: that it does makes every
 * promise of a process dearer, and most processes that record a part of their traces record none most of the time. What is not recorded
 * has no context then.
 */
export class Contexts extends AsyncLocalStorageContextManager {
  /** One of our own, which is asked without a detour. Functions and emitters are bound as those of OpenTelemetry are. */
  readonly #storage = new AsyncLocalStorage<Context>();
  /** Whether what is not recorded has no context. */
  readonly isFrugal: boolean;
  /** The application has contexts of its own, such as with baggage: they are not to be lost. */
  #isShared = false;
  /** It is the one that OpenTelemetry asks. */
  #isManaging = false;
  /** Spans and requests that have one. */
  #held = 0;
  /** Requests and messages that were not recorded since it was looked the last time. */
  #passed = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(isFrugal: boolean) {
    super();
    this.isFrugal = isFrugal;
  }

  /** Whether there is no context. */
  get isIdle(): boolean {
    return this.#held === 0 && this.isFrugal && !this.#isShared;
  }

  /** Whether what has no context may belong to something that was not recorded. */
  get isPassing(): boolean {
    return this.#timer !== undefined;
  }

  /** Something begins that is not recorded, and has no context. */
  pass(): void {
    this.#passed += 1;
    this.#timer ??= setInterval(() => this.#look(), PASSING_MS).unref();
  }

  /** Something begins that has a context. */
  hold(): void {
    this.#held += 1;
  }

  /** It is over. */
  release(): void {
    this.#held -= 1;
    if (this.isIdle) this.#storage.disable();
  }

  /** Runs something of our own in a context, while that is kept apart from others. */
  run<Result>(own: Context, work: () => Result): Result {
    if (this.isIdle) return work();
    return this.#isManaging ? this.#storage.run(own, work) : context.with(own, work);
  }

  /** Whether it is this one that says which is active, or somebody else's. */
  manage(isManaging: boolean): void {
    this.#isManaging = isManaging;
    if (!isManaging) this.#isShared = true;
  }

  override active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  override with<Args extends unknown[], Work extends (...args: Args) => ReturnType<Work>>(
    own: Context,
    work: Work,
    self?: ThisParameterType<Work>,
    ...args: Args
  ): ReturnType<Work> {
    if (this.isIdle && isOver(own)) return work.apply(self as ThisParameterType<Work>, args);
    this.#share(own);
    const bound = self === undefined || self === null ? work : (work.bind(self) as Work);
    return this.#storage.run(own, bound, ...args);
  }

  override bind<Target>(own: Context, target: Target): Target {
    if (!this.isIdle || !isOver(own)) this.#share(own);
    return super.bind(own, target);
  }

  override disable(): this {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#storage.disable();
    return this;
  }

  /** One that comes from nothing of ours is the application's. */
  #share(own: Context): void {
    if (this.#held === 0 && own !== ROOT_CONTEXT) this.#isShared = true;
  }

  #look(): void {
    if (this.#passed === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    this.#passed = 0;
  }
}

/** Whether nothing goes on in a context, such as in that of a callback which comes after its request is over. */
function isOver(own: Context): boolean {
  if (own === ROOT_CONTEXT) return true;
  const span = trace.getSpan(own) as (Span & Partial<Origin>) | undefined;
  return span?.isElpisOrigin === true && !span.isRecording();
}
