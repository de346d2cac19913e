import type { PeerInfo } from "@elpis/api";
import { type Seeded, seeded } from "@elpis/testing";
import type { TaskOptions } from "../../src/contract.ts";
import { readDefinition } from "../../src/definition/read.ts";
import type { Effect } from "../../src/machine/effect.ts";
import type { SavedTask } from "../../src/machine/saved-task.ts";
import { Scheduler } from "../../src/machine/scheduler.ts";
import type { Calendar, Moment } from "../../src/machine/timetable.ts";
import type { RunResult, Verdict } from "../../src/topics.ts";
import { Clockwork } from "./clockwork.ts";
import { Ledger } from "./ledger.ts";
import { Process } from "./process.ts";

export const START_MS: number = Date.UTC(2026, 10, 27, 12);
export const TASK = "work";
/** The name of every process in a world. */
const NAME = "web";

export interface WorldOptions {
  readonly seed: number;
  readonly task: TaskOptions;
  readonly leaseMs: number;
  readonly processes: number;
  /** Whether processes go on when the master dies. */
  readonly survive: boolean;
}

/** A master, while it lives. */
interface Master {
  readonly scheduler: Scheduler;
  /** When what was decided last is on disk. */
  writtenMs: number;
  peers: Map<number, Process>;
}

/**
 * A master and its processes with everything that takes time or fails: links, disks, deaths, freezes, clocks. All of it
 * follows from one seed. It notes whatever must never be.
 */
export class World {
  readonly clock: Clockwork = new Clockwork();
  readonly ledger: Ledger = new Ledger();
  readonly random: Seeded;
  readonly options: WorldOptions;
  readonly wrong: string[] = [];
  /** Ids whose end was taken, and the process told so. */
  readonly acknowledged: Set<string> = new Set();
  readonly started: string[] = [];
  readonly processes: Process[] = [];
  jumpMs = 0;
  #master: Master | undefined;
  #disk = new Map<string, string>();
  #reservedToken = 0;
  #lastToken = 0;
  /** By token: the pid that it was given to. */
  readonly #holders = new Map<number, number>();
  #nextPeerId = 1;
  #nextPid = 100;
  #wakeAt = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    this.random = seeded(options.seed);
    this.startMaster();
    for (let index = 0; index < options.processes; index++) this.startProcess(index);
  }

  get now(): Moment {
    return { wallMs: START_MS + this.clock.nowMs + this.jumpMs, monoMs: this.clock.nowMs };
  }

  get hasMaster(): boolean {
    return this.#master !== undefined;
  }

  /** What is on disk of the task. */
  get saved(): SavedTask | undefined {
    const text = this.#disk.get(TASK);
    return text === undefined ? undefined : (JSON.parse(text) as SavedTask);
  }

  fail(what: string): void {
    this.wrong.push(`at ${this.clock.nowMs}: ${what}`);
  }

  chance(share: number): boolean {
    return this.random.next() < share;
  }

  /** A link takes its time. */
  get hopMs(): number {
    return this.random.int(6);
  }

  startProcess(index: number): void {
    const process = new Process(this, { name: NAME, index, epoch: 1, pid: this.#nextPid++ });
    this.processes.push(process);
    this.connect(process);
  }

  /** A process joins the hub of the master that there is, under a new number. */
  connect(process: Process): void {
    const master = this.#master;
    if (master === undefined || !process.isAlive) return;
    const peerId = this.#nextPeerId++;
    process.peerId = peerId;
    master.peers.set(peerId, process);
    const peer: PeerInfo = {
      ...process.identity,
      id: peerId,
      app: "app",
      role: "worker",
      ready: true,
    };
    this.step((scheduler, now) => scheduler.see({ type: "joined", peer }, now));
    this.clock.after(this.hopMs, () => {
      if (this.#master !== master || !master.peers.has(peerId)) return;
      const tasks = [{ name: TASK }];
      this.step((scheduler, now) => scheduler.register(peer, { since: 0, tasks }, now));
      process.connected();
    });
  }

  /** The hub notices at once that a link has ended. */
  disconnect(process: Process): void {
    const { peerId } = process;
    if (peerId === undefined) return;
    process.peerId = undefined;
    if (this.#master?.peers.delete(peerId) !== true) return;
    const peer = { ...process.identity, id: peerId, app: "app", role: "worker" as const };
    this.step((scheduler, now) =>
      scheduler.see({ type: "left", peer: { ...peer, ready: false } }, now),
    );
  }

  startMaster(): void {
    let next = Math.max(this.#reservedToken, 1);
    let limit = next;
    const token = (): number => {
      if (next >= limit) {
        limit = next + 10;
        this.#reservedToken = limit;
      }
      return next++;
    };
    const scheduler = new Scheduler({
      leaseMs: this.options.leaseMs,
      historyPerTask: 2,
      calendarOf: () => SECONDS,
      read: readDefinition,
      token,
      random: () => this.random.next(),
    });
    this.#master = { scheduler, writtenMs: 0, peers: new Map() };
    const saved = this.saved === undefined ? [] : [this.saved];
    this.step((one, now) => one.open({ [TASK]: this.options.task }, saved, now));
  }

  killMaster(): void {
    this.#master = undefined;
    for (const process of this.processes) process.peerId = undefined;
  }

  /** Lets the master take a step. What comes of it happens when it is on disk. */
  step<Value>(work: (scheduler: Scheduler, now: Moment) => Value): Value | undefined {
    const master = this.#master;
    if (master === undefined) return undefined;
    const value = work(master.scheduler, this.now);
    this.#follow(master);
    this.#wake(master);
    return value;
  }

  /** Asks the master, from a process; the answer comes when what it rests on is on disk. Undefined: no answer comes. */
  ask(
    process: Process,
    question: (scheduler: Scheduler, now: Moment) => Verdict,
    isDurable: boolean,
    answer: (verdict: Verdict | undefined) => void,
  ): void {
    const { peerId } = process;
    const master = this.#master;
    if (peerId === undefined || master === undefined) return answer(undefined);
    this.clock.after(this.hopMs, () => {
      if (this.#master !== master || !master.peers.has(peerId)) return answer(undefined);
      const verdict = this.step(question);
      const atMs = isDurable ? Math.max(this.clock.nowMs, master.writtenMs) : this.clock.nowMs;
      this.clock.after(atMs - this.clock.nowMs + this.hopMs, () => {
        const isThere = this.#master === master && process.peerId === peerId;
        process.whenAwake(() => answer(isThere ? verdict : undefined));
      });
    });
  }

  finish(
    process: Process,
    token: number,
    result: RunResult,
    answer: (ok: boolean | undefined) => void,
  ): void {
    const peerId = process.peerId;
    this.ask(
      process,
      (scheduler, now) =>
        scheduler.finish({ task: TASK, token }, process.holder(peerId), result, now),
      true,
      (verdict) => answer(verdict?.ok),
    );
  }

  #follow(master: Master): void {
    const { effects, touched } = master.scheduler.take();
    if (effects.length === 0 && touched.length === 0) return;
    const texts = touched.map(
      (task) => [task, JSON.stringify(master.scheduler.saved(task))] as const,
    );
    master.writtenMs = Math.max(master.writtenMs, this.clock.nowMs) + this.random.int(4);
    this.clock.after(master.writtenMs - this.clock.nowMs, () => {
      if (this.#master !== master) return;
      for (const [task, text] of texts) this.#disk.set(task, text);
      for (const effect of effects) this.#carryOut(master, effect);
    });
  }

  #carryOut(master: Master, effect: Effect): void {
    switch (effect.type) {
      case "execute": {
        const { token } = effect.order;
        const process = master.peers.get(effect.peerId);
        this.#checkToken(token, process);
        this.clock.after(this.hopMs, () => {
          if (this.#master !== master || process?.peerId !== effect.peerId) return;
          process.execute(effect.order);
        });
        return;
      }
      case "revoke":
        for (const process of master.peers.values()) {
          this.clock.after(this.hopMs, () => process.doubt(effect.token));
        }
        return;
      case "probe":
        return this.#probe(master, effect.identity.pid);
      default:
    }
  }

  /** Each attempt has a larger one than all before; the same one only goes to the same process, for the same attempt. */
  #checkToken(token: number, process: Process | undefined): void {
    const pid = process?.identity.pid;
    if (token > this.#lastToken) this.#lastToken = token;
    else if (pid !== undefined && this.#holders.get(token) !== pid) {
      this.fail(`token ${token} after ${this.#lastToken}`);
    }
    if (pid !== undefined) this.#holders.set(token, pid);
  }

  #probe(master: Master, pid: number): void {
    if (this.#master !== master) return;
    const process = this.processes.find(({ identity }) => identity.pid === pid);
    if (process?.isAlive === true) this.clock.after(25, () => this.#probe(master, pid));
    else if (process !== undefined) this.step((one, now) => one.gone(process.identity, now));
  }

  /** As the coordinator's timer. */
  #wake(master: Master): void {
    const wakeAt = ++this.#wakeAt;
    this.clock.after(Math.max(1, master.scheduler.delayMs(this.now)), () => {
      if (this.#master !== master || wakeAt !== this.#wakeAt) return;
      this.step((scheduler, now) => scheduler.advance(now));
    });
  }
}

const SECOND_MS = 1000;
const SECONDS: Calendar = {
  next: (afterMs) => (Math.floor(afterMs / SECOND_MS) + 1) * SECOND_MS,
  previous: (untilMs) => Math.floor(untilMs / SECOND_MS) * SECOND_MS,
};
