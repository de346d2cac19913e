import { type Client, parseDuration, toText } from "@elpis/api";
import { type MadeCheck, makeCheck } from "../checks/make.ts";
import { checkLate } from "../errors.ts";
import type { CheckDetails, HealthIndicator, HealthProbe, HealthValue } from "../types.ts";
import { type CheckState, type Finding, newState, present, settle } from "./state.ts";

const DEFAULT_INTERVAL_MS = 10_000;
const DEFAULT_TIMEOUT_MS = 2000;
/** How much later than it should a look may be before what was found counts no more. */
const SLACK_MS = 1000;

/** Whom a watch tells. */
export interface WatchHost {
  readonly hub: Client;
  /** What is found out may be another thing than before. */
  onLook(): void;
}

/** Looks at one thing again and again, and knows what was found last. */
export class Watch {
  readonly critical: boolean;
  readonly probes: readonly HealthProbe[];
  readonly scope: MadeCheck["scope"];
  readonly #made: MadeCheck;
  readonly #host: WatchHost;
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  readonly #failures: number;
  #state: CheckState = newState(performance.now());
  #timer: NodeJS.Timeout | undefined;
  /** The last look goes on although its time is over: another one beside it would not know more. */
  #isStuck = false;
  #isClosed = false;

  constructor(one: HealthIndicator, host: WatchHost) {
    this.critical = one.critical ?? true;
    this.probes = one.probes ?? ["readiness"];
    this.#made = makeCheck(one);
    this.scope = this.#made.scope;
    this.#host = host;
    this.#intervalMs = parseDuration(one.interval) ?? DEFAULT_INTERVAL_MS;
    this.#timeoutMs = parseDuration(one.timeout) ?? DEFAULT_TIMEOUT_MS;
    this.#failures = one.failures ?? 1;
  }

  /** Looks at once, and again after each interval. */
  start(): void {
    void this.#turn();
  }

  get value(): HealthValue {
    const nowMs = performance.now();
    const goodForMs = this.#intervalMs + this.#timeoutMs + SLACK_MS;
    const state = present(this.#state, nowMs, goodForMs);
    const { status, message, details, started, sinceMs, checkedMs, tookMs } = state;
    const toDate = (ms: number): number => Math.round(Date.now() - (nowMs - ms));
    return {
      status,
      critical: this.critical,
      probes: this.probes,
      started,
      since: toDate(sinceMs),
      tookMs: Math.round(tookMs),
      ...(message !== undefined && { message }),
      ...(details !== undefined && { details }),
      ...(checkedMs !== undefined && { checkedAt: toDate(checkedMs) }),
    };
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#made.close?.();
  }

  async #turn(): Promise<void> {
    const beganMs = performance.now();
    const finding = await this.#look();
    if (this.#isClosed) return;
    const nowMs = performance.now();
    const tookMs = nowMs - beganMs;
    this.#state = settle(this.#state, finding, { failures: this.#failures, nowMs, tookMs });
    this.#host.onLook();
    this.#timer = setTimeout(() => void this.#turn(), this.#intervalMs);
    this.#timer.unref();
  }

  async #look(): Promise<Finding> {
    if (this.#isStuck) return { ok: false, message: "the last look at it has not come to an end" };
    const over = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(checkLate(this.#timeoutMs)), this.#timeoutMs);
    });
    try {
      const { signal } = over;
      this.#isStuck = true;
      const looked = (async () => this.#made.check({ hub: this.#host.hub, signal }))();
      const free = (): void => {
        this.#isStuck = false;
      };
      looked.then(free, free);
      return read(await Promise.race([looked, late]));
    } catch (error) {
      return { ok: false, message: messageOf(error), details: detailsOf(error) };
    } finally {
      clearTimeout(timer);
      over.abort(checkLate(this.#timeoutMs));
    }
  }
}

function read(found: unknown): Finding {
  if (found === false) return { ok: false, message: "it says that it is not well" };
  return isRecord(found) ? { ok: true, details: found } : { ok: true };
}

/** Of several addresses that were tried each has an error of its own. */
function messageOf(error: unknown): string {
  const errors = error instanceof AggregateError ? error.errors : [];
  const { message, cause } = (error ?? {}) as { message?: unknown; cause?: unknown };
  const own = typeof message === "string" && message !== "" ? message : toText(errors[0] ?? error);
  const reason = cause instanceof Error ? `: ${cause.message}` : "";
  return `${own}${reason}`.slice(0, 500);
}

function detailsOf(error: unknown): CheckDetails | undefined {
  const { details } = (error ?? {}) as { details?: unknown };
  return isRecord(details) && Object.keys(details).length > 0 ? details : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
