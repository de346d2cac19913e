import { type Client, hasCode } from "@elpis/api";
import type { TaskFunction } from "../contract.ts";
import { refusal, type ScheduleCode } from "../errors.ts";
import { Lease } from "../machine/lease.ts";
import type { Held, RunOrder, RunResult, RunTopics, Verdict } from "../topics.ts";
import { Context } from "./context.ts";
import { failureOf, keptValue } from "./result.ts";

/** How long it is tried to say how a run ended, while the hub is away. */
const FINISH_MS = 60_000;
const RETRY_MS = 100;
const LEAST_CALL_MS = 50;
const MOST_CALL_MS = 10_000;

/** One attempt in the process that runs it: keeps the lease, and stops when that is over. */
export class Run {
  /** Resolves when the function is done; with false: it never began. */
  readonly over: Promise<boolean>;
  /** Something may have taken the run away: asks at once. */
  readonly doubt: () => void;
  readonly #hub: Client<RunTopics>;
  readonly #order: RunOrder;
  readonly #held: Held;
  readonly #stop = new AbortController();
  #lease: Lease | undefined;
  #timers: readonly NodeJS.Timeout[] = [];
  #isAsking = false;
  #isOver = false;

  constructor(hub: Client<RunTopics>, order: RunOrder, run: TaskFunction) {
    this.#hub = hub;
    this.#order = order;
    this.#held = { task: order.task, token: order.token };
    this.doubt = () => void this.#renew();
    this.over = this.#execute(run);
  }

  /** Says how it ended; only the first word counts. @throws ELPIS_SCHEDULE_FENCED, ELPIS_SCHEDULE_STORE */
  async finish(result: RunResult): Promise<void> {
    const verdict = await this.#tell(result);
    if (verdict.ok) return this.#end();
    if (verdict.code === "ELPIS_SCHEDULE_FENCED") this.#abort(verdict.code);
    throw this.#error(verdict.code, verdict.message);
  }

  async #execute(run: TaskFunction): Promise<boolean> {
    if (!(await this.#claim())) return false;
    const context = new Context(this.#hub, this.#order, this.#stop.signal, this);
    let result: RunResult;
    try {
      result = { ok: true, ...keptValue(await run(context)) };
    } catch (error) {
      result = failureOf(error, this.#stop.signal);
    }
    if (!context.isCommitted) await this.finish(result).catch(() => {});
    this.#end();
    return true;
  }

  /** It does not begin before the coordinator has heard that it will. */
  async #claim(): Promise<boolean> {
    const askedAtMs = performance.now();
    const { leaseMs } = this.#order;
    const verdict = await this.#ask(leaseMs).catch(() => undefined);
    if (verdict?.ok === false) return false;
    const lease = new Lease(leaseMs, askedAtMs);
    if (verdict === undefined || lease.isOver(performance.now())) {
      // It may have been heard: then somebody else is to have it now, rather than when a lease has ended.
      const error = "it could not be claimed in time";
      void this.#tell({ ok: false, error, code: "ELPIS_SCHEDULE_LEASE" }).catch(() => {});
      return false;
    }
    this.#lease = lease;
    this.#arm(lease);
    return true;
  }

  #ask(timeoutMs: number): Promise<Verdict> {
    const boundMs = Math.min(MOST_CALL_MS, Math.max(LEAST_CALL_MS, timeoutMs));
    const call = { to: { role: "master" }, timeoutMs: boundMs } as const;
    return this.#hub.request("elpis.tasks.renew", this.#held, call);
  }

  async #renew(): Promise<void> {
    const lease = this.#lease;
    if (lease === undefined || this.#isOver || this.#isAsking || this.#look()) return;
    this.#isAsking = true;
    const askedAtMs = performance.now();
    try {
      const verdict = await this.#ask(lease.endMs - askedAtMs);
      if (verdict.ok) lease.granted(askedAtMs, performance.now());
      else this.#abort(verdict.code);
    } catch {
      // The hub is away, or slow; as long as the lease lasts it is tried again.
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
    }
    this.#isAsking = false;
    if (!this.#isOver && !this.#look()) this.#arm(lease);
  }

  /** By the end of the lease it stops, whether or not somebody has answered by then. */
  #arm(lease: Lease): void {
    this.#disarm();
    const now = performance.now();
    const later = (atMs: number, what: () => void): NodeJS.Timeout =>
      setTimeout(what, Math.max(1, Math.ceil(atMs - now))).unref();
    this.#timers = [
      later(lease.renewAtMs, this.doubt),
      later(lease.endMs, () => void this.#look()),
    ];
  }

  #disarm(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Whether it has to stop; sees to it. */
  #look(): boolean {
    if (this.#stop.signal.aborted) return true;
    if (this.#lease?.isOver(performance.now()) !== true || this.#isOver) return false;
    this.#abort("ELPIS_SCHEDULE_LEASE");
    return true;
  }

  #abort(code: ScheduleCode): void {
    if (!this.#stop.signal.aborted && !this.#isOver) this.#stop.abort(this.#error(code));
  }

  #error(code: ScheduleCode, message?: string): Error {
    const { id, task, token, attempt } = this.#order;
    const what = message ?? `Attempt ${attempt} of ${id}`;
    return refusal(code, what, { task, id, token });
  }

  /** Tells the coordinator, again and again while the link is away. */
  async #tell(result: RunResult): Promise<Verdict> {
    const untilMs = performance.now() + FINISH_MS;
    for (;;) {
      const timeoutMs = Math.max(LEAST_CALL_MS, untilMs - performance.now());
      try {
        const call = { to: { role: "master" }, timeoutMs, absent: "wait" } as const;
        return await this.#hub.request("elpis.tasks.finish", { ...this.#held, result }, call);
      } catch (error) {
        const isAway = ["ELPIS_HUB_CLOSED", "ELPIS_HUB_PEER_LOST"].some((code) =>
          hasCode(error, code),
        );
        if (!isAway || performance.now() >= untilMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#disarm();
  }
}
