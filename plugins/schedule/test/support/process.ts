import { Lease } from "../../src/machine/lease.ts";
import type { Holder, Identity } from "../../src/machine/work.ts";
import type { RunOrder, RunResult } from "../../src/topics.ts";
import { TASK, type World } from "./world.ts";

/** One attempt in a process. */
interface Running {
  readonly order: RunOrder;
  readonly lease: Lease;
  isOver: boolean;
  /** It was told to stop, and stops at its next chance. */
  isTold: boolean;
}

/** A process as `src/runner` is one, in time that is only counted. */
export class Process {
  readonly identity: Identity;
  peerId: number | undefined;
  isAlive = true;
  readonly #world: World;
  readonly #runs = new Map<number, Running>();
  #frozenUntilMs = 0;

  constructor(world: World, identity: Identity) {
    this.#world = world;
    this.identity = identity;
  }

  holder(peerId: number | undefined): Holder {
    return { peerId, identity: this.identity };
  }

  has(token: number): boolean {
    return this.#runs.has(token);
  }

  /** Runs that are alive here by their own lease, of one run of the task. */
  alive(id: string): number {
    if (!this.isAlive) return 0;
    const nowMs = this.#world.clock.nowMs;
    const live = [...this.#runs.values()].filter(
      ({ order, isOver, lease }) => order.id === id && !isOver && nowMs < lease.endMs,
    );
    return live.length;
  }

  /** Any that are alive here. */
  aliveAtAll(): number {
    return [...this.#runs.values()].reduce((sum, { order }) => sum + this.alive(order.id), 0);
  }

  kill(): void {
    this.isAlive = false;
    this.#runs.clear();
    this.#world.disconnect(this);
  }

  freeze(forMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.#world.clock.nowMs + forMs);
  }

  /** What comes while it is frozen waits for it; in which order it is then seen to is anybody's guess. */
  whenAwake(run: () => void): void {
    const { clock, random } = this.#world;
    if (!this.isAlive) return;
    const leftMs = this.#frozenUntilMs - clock.nowMs;
    if (leftMs <= 0) run();
    else clock.after(leftMs + random.next(), () => this.whenAwake(run));
  }

  execute(order: RunOrder): void {
    this.whenAwake(() => {
      if (!this.#runs.has(order.token)) this.#claim(order);
    });
  }

  /** Its link is back. */
  connected(): void {
    this.whenAwake(() => {
      for (const token of this.#runs.keys()) this.doubt(token);
    });
  }

  /** Somebody may have taken an attempt away. */
  doubt(token: number): void {
    this.whenAwake(() => {
      const run = this.#runs.get(token);
      if (run !== undefined && !run.isOver) this.#renew(run);
    });
  }

  #claim(order: RunOrder): void {
    const world = this.#world;
    const askedAtMs = world.clock.nowMs;
    const { peerId } = this;
    world.ask(
      this,
      (one, now) => one.renew({ task: TASK, token: order.token }, this.holder(peerId), now),
      false,
      (verdict) => {
        if (verdict?.ok === false || this.#runs.has(order.token)) return;
        const lease = new Lease(order.leaseMs, askedAtMs);
        if (verdict === undefined || lease.isOver(world.clock.nowMs)) return this.#giveBack(order);
        this.#begin({ order, lease, isOver: false, isTold: false });
      },
    );
  }

  #giveBack({ token }: RunOrder): void {
    const result: RunResult = { ok: false, error: "late", code: "ELPIS_SCHEDULE_LEASE" };
    this.#world.finish(this, token, result, () => {});
  }

  #begin(run: Running): void {
    const world = this.#world;
    const { id, token } = run.order;
    const others = world.processes.reduce((sum, one) => sum + one.alive(id), 0);
    if (others > 0) world.fail(`two attempts of ${id} are alive`);
    const all = world.processes.reduce((sum, one) => sum + one.aliveAtAll(), 0);
    const { overlap = "skip" } = world.options.task;
    if (overlap !== "allow" && all > 0) world.fail(`${id} overlaps with another one`);
    if (world.acknowledged.has(id)) world.fail(`${id} runs again after it was done`);
    this.#runs.set(token, run);
    world.started.push(id);
    this.#keep(run);
    world.clock.after(1 + world.random.int(900), () => this.whenAwake(() => this.#work(run)));
  }

  /** Renews the lease until the run is over, and stops when the lease is. */
  #keep(run: Running): void {
    const { clock } = this.#world;
    const nowMs = clock.nowMs;
    clock.after(run.lease.renewAtMs - nowMs, () => this.doubt(run.order.token));
    clock.after(run.lease.endMs - nowMs, () =>
      this.whenAwake(() => {
        if (run.lease.isOver(clock.nowMs)) run.isTold = true;
      }),
    );
  }

  #renew(run: Running): void {
    const world = this.#world;
    const askedAtMs = world.clock.nowMs;
    const { peerId } = this;
    const { token } = run.order;
    if (run.isTold || run.lease.isOver(askedAtMs)) return;
    world.ask(
      this,
      (one, now) => one.renew({ task: TASK, token }, this.holder(peerId), now),
      false,
      (verdict) => {
        if (run.isOver) return;
        if (verdict?.ok === true) {
          run.lease.granted(askedAtMs, world.clock.nowMs);
          this.#keep(run);
        } else if (verdict !== undefined) run.isTold = true;
        else world.clock.after(100, () => this.doubt(token));
      },
    );
  }

  /** The function writes what it has to, and returns. A thawed one does so before it hears that it should not. */
  #work(run: Running): void {
    const world = this.#world;
    const { id, token } = run.order;
    if (run.isOver) return;
    let result: RunResult;
    if (run.isTold) result = { ok: false, error: "told", code: "ELPIS_SCHEDULE_LEASE" };
    else if (world.chance(0.05)) result = { ok: false, error: "failed" };
    else {
      try {
        world.ledger.write(id, token);
        result = { ok: true };
      } catch {
        result = { ok: false, error: "fenced", code: "ELPIS_SCHEDULE_LEASE" };
      }
    }
    run.isOver = true;
    this.#finish(run, result);
  }

  #finish(run: Running, result: RunResult): void {
    const world = this.#world;
    const { id, token } = run.order;
    world.finish(this, token, result, (ok) => {
      if (ok === undefined) {
        if (this.isAlive)
          world.clock.after(100, () => this.whenAwake(() => this.#finish(run, result)));
        return;
      }
      this.#runs.delete(token);
      if (!ok || !result.ok) return;
      if (world.acknowledged.has(id)) world.fail(`${id} is done twice`);
      world.acknowledged.add(id);
    });
  }
}
