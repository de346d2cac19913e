import type { RunRecord } from "../contract.ts";
import type { Definition } from "../definition/definition.ts";
import type { RunOrder, RunResult, Verdict } from "../topics.ts";
import {
  CLAIM_MS,
  dueMs,
  type Ended,
  endedAs,
  expiryOf,
  isHeldBy,
  renew,
  START_MS,
} from "./attempt.ts";
import type { Effect } from "./effect.ts";
import { again } from "./retry.ts";
import type { Moment } from "./timetable.ts";
import {
  attemptOf,
  type Holder,
  holderOf,
  type Identity,
  isSame,
  titleOf,
  tokenOf,
  type Wanted,
  type Work,
} from "./work.ts";

/** What the runs of a task need of their surroundings. */
export interface WorksHost {
  readonly task: string;
  readonly definition: Definition;
  readonly leaseMs: number;
  /** A number larger than all before; undefined: none is to be had at the moment. */
  token(): number | undefined;
  /** Somebody who is to have a run; undefined: nobody is there. */
  pick(wanted: Wanted, now: Moment): Holder | undefined;
  /** Whether that process is among the peers, ready or not. */
  isThere(identity: Identity): boolean;
  /** That peer was told of a run and did not claim it. */
  avoid(peerId: number, now: Moment): void;
  random(): number;
  emit(effect: Effect): void;
  /** Something of what is written down has changed. */
  touch(): void;
  note(record: RunRecord): void;
}

/** What is to be run. */
export interface Tick {
  readonly id: string;
  readonly key: string;
  readonly scheduledAt: number;
  readonly by?: string;
  readonly target?: Identity;
  /** It makes up for times that were missed: it waits for its turn, however runs may overlap. */
  readonly isMakeUp?: boolean;
}

/** The runs of one task that are not over. Of one run never two attempts are alive: see `attempt.ts`. */
export class Works {
  readonly #host: WorksHost;
  #all: Work[] = [];
  /** When somebody was last looked for, for those that wait. */
  #dispatchedMs = Number.NEGATIVE_INFINITY;

  constructor(host: WorksHost) {
    this.#host = host;
  }

  get all(): readonly Work[] {
    return this.#all;
  }

  /** Puts back what was there before a restart. */
  restore(works: readonly Work[]): void {
    this.#all = [...works];
    for (const work of works) {
      const identity = holderOf(work)?.identity;
      if (identity !== undefined) this.#host.emit({ type: "probe", identity });
    }
  }

  /** Whether a run for that key would begin, or wait for its turn. */
  hasRoom(key: string): boolean {
    const { overlap, queue } = this.#host.definition;
    const others = this.#all.filter((work) => work.key === key);
    if (others.length === 0) return true;
    if (overlap === "allow") return others.length < MAX_AT_ONCE;
    return overlap === "queue" && this.#queued(key).length < queue;
  }

  /** Adds a run; false: there is no room, and it is left out. */
  add({ id, key, scheduledAt, by, target, isMakeUp = false }: Tick, now: Moment): boolean {
    const { task, definition, random } = this.#host;
    this.#host.touch();
    if (!this.hasRoom(key) && !(isMakeUp && this.#queued(key).length === 0)) {
      const error = "one before it was not over";
      this.#host.note({
        ...{ task, id, scheduledAt, error },
        ...{ endedAt: now.wallMs, outcome: "skipped", count: 1 },
      });
      return false;
    }
    const isFirst = definition.overlap === "allow" || !this.#all.some((one) => one.key === key);
    const fromMs = now.monoMs + (by === undefined ? random() * definition.jitterMs : 0);
    this.#all.push({
      ...{ id, key, scheduledAt, by, target },
      ...{ failures: 0, losses: 0 },
      phase: isFirst ? { name: "waiting", fromMs } : { name: "queued" },
    });
    return true;
  }

  /** Gives runs that wait to somebody. */
  dispatch(now: Moment): void {
    this.#dispatchedMs = now.monoMs;
    for (const work of this.#all) {
      if (work.phase.name === "waiting" && work.phase.fromMs <= now.monoMs) this.#begin(work, now);
    }
  }

  /** The run whose attempt that is, as long as it is the current one. */
  current(token: number): Work | undefined {
    return this.#all.find((work) => tokenOf(work) === token);
  }

  /** Whether an attempt is the current one, and that peer's. */
  isCurrent(token: number, from: Holder): boolean {
    const work = this.current(token);
    return work !== undefined && isHeldBy(work, from);
  }

  /** A process that was started for a run has said that it is there. */
  joined(peerId: number): void {
    for (const work of this.#all) {
      const { phase } = work;
      if (phase.name !== "starting" || phase.holder?.peerId !== peerId) continue;
      this.#execute(work, phase.token, peerId);
    }
  }

  renew(token: number, from: Holder, now: Moment): Verdict {
    const work = this.current(token);
    if (work === undefined) return { ok: false, code: "ELPIS_SCHEDULE_FENCED" };
    const before = work.phase;
    const { leaseMs, definition } = this.#host;
    const verdict = renew(work, from, now, { leaseMs, timeoutMs: definition.timeoutMs });
    if (verdict.ok && before.name !== "running") this.#tellStarted(work);
    // It has come back over another link: what kept the old one open is opened anew.
    if (verdict.ok && before.name === "running" && before.holder?.peerId !== from.peerId) {
      this.#execute(work, token, from.peerId);
    }
    return verdict;
  }

  /** Takes how an attempt ended from whoever has it. */
  finish(token: number, from: Holder, result: RunResult, now: Moment): Verdict {
    const work = this.current(token);
    if (work === undefined || !isHeldBy(work, from)) {
      return { ok: false, code: "ELPIS_SCHEDULE_FENCED" };
    }
    this.#settle(work, endedAs(work, result), now);
    return { ok: true };
  }

  /** An offer came to nothing: it was not claimed, and will not be. */
  unclaimed(token: number, now: Moment): void {
    const work = this.current(token);
    if (work?.phase.name === "offered") this.#takeBack(work, now);
  }

  /** No process can be started for an attempt at the moment. */
  postpone(token: number, pauseMs: number, now: Moment): void {
    const work = this.current(token);
    if (work?.phase.name !== "starting") return;
    work.phase = { name: "waiting", fromMs: now.monoMs + pauseMs };
    this.#host.touch();
  }

  /** A process was started for an attempt. */
  spawned(token: number, holder: Holder): void {
    const work = this.current(token);
    if (work?.phase.name !== "starting") return;
    work.phase = { ...work.phase, holder };
    this.#host.touch();
  }

  /** The process of an attempt has ended, or could not be started. */
  processEnded(token: number, ended: Ended, now: Moment): void {
    const work = this.current(token);
    if (work !== undefined) this.#settle(work, overdueOr(work, ended), now);
  }

  /** The link of a peer is gone. */
  left(peerId: number, now: Moment): void {
    for (const work of [...this.#all]) {
      const { phase } = work;
      if (holderOf(work)?.peerId !== peerId) continue;
      if (phase.name === "offered") this.#takeBack(work, now);
      if (phase.name !== "running" || phase.holder === undefined) continue;
      const { identity } = phase.holder;
      work.phase = { ...phase, holder: { peerId: undefined, identity } };
      // Whoever has started a process for it knows more of its end than that it is gone.
      if (this.#host.definition.fork === undefined) this.#host.emit({ type: "probe", identity });
    }
    this.#dropAbsent(now);
  }

  /** A process is known to be gone. */
  gone(identity: Identity, now: Moment): void {
    for (const work of [...this.#all]) {
      const holder = holderOf(work);
      if (holder === undefined || !isSame(holder.identity, identity)) continue;
      if (work.phase.name === "offered") this.#takeBack(work, now);
      else this.#settle(work, overdueOr(work, LOST), now);
    }
  }

  /** Gives up the runs of a key that have not begun. */
  drop(key: string, error: string, now: Moment): void {
    for (const work of [...this.#all]) {
      const { name } = work.phase;
      const isIdle = name === "waiting" || name === "queued";
      if (work.key === key && isIdle) this.#settle(work, { outcome: "lost", error }, now, true);
    }
  }

  /** Time has passed. */
  advance(now: Moment): void {
    const { leaseMs } = this.#host;
    for (const work of [...this.#all]) {
      const expiry = expiryOf(work, now, leaseMs);
      if (expiry?.type === "unclaimed") this.#takeBack(work, now);
      if (expiry?.type === "ended") this.#settle(work, expiry.ended, now);
      if (expiry?.type === "overdue" && work.phase.name === "running") {
        work.phase = { ...work.phase, isOverdue: true };
        this.#revoke(work.phase.token);
      }
      const { phase } = work;
      if (phase.name === "waiting" && phase.untilMs !== undefined && now.monoMs >= phase.untilMs) {
        this.#settle(work, { outcome: "lost", error: "its process has not come back" }, now);
      }
    }
  }

  /** When somebody has to look again, on the clock that nobody sets. */
  dueMs(): number {
    const { leaseMs } = this.#host;
    const times = this.#all.map((work) => {
      const { phase } = work;
      if (phase.name !== "waiting" || phase.fromMs > this.#dispatchedMs)
        return dueMs(work, leaseMs);
      // Nobody was there for it: it is looked at again when somebody comes.
      return phase.untilMs ?? Number.POSITIVE_INFINITY;
    });
    return Math.min(...times, Number.POSITIVE_INFINITY);
  }

  #queued(key: string): readonly Work[] {
    return this.#all.filter((work) => work.key === key && work.phase.name === "queued");
  }

  #begin(work: Work, now: Moment): void {
    const { definition } = this.#host;
    const { key, target } = work;
    if (definition.fork !== undefined) {
      const token = this.#host.token();
      if (token === undefined) return;
      work.phase = { name: "starting", token, untilMs: now.monoMs + START_MS };
      this.#host.emit({ type: "spawn", order: this.#order(work, token) });
    } else {
      const name = definition.on === "each" ? key : undefined;
      const holder = this.#host.pick({ to: definition.to, name, target }, now);
      const token = holder === undefined ? undefined : this.#host.token();
      if (holder?.peerId === undefined || token === undefined) return;
      work.phase = { name: "offered", token, holder, untilMs: now.monoMs + CLAIM_MS };
      this.#execute(work, token, holder.peerId);
    }
    this.#host.touch();
  }

  #execute(work: Work, token: number, peerId: number | undefined): void {
    if (peerId === undefined) return;
    this.#host.emit({ type: "execute", order: this.#order(work, token), peerId });
  }

  #order(work: Work, token: number): RunOrder {
    const { id, scheduledAt, by } = work;
    const { task, leaseMs } = this.#host;
    const attempt = attemptOf(work);
    return { task, id, scheduledAt, attempt, token, leaseMs, ...(by !== undefined && { by }) };
  }

  #takeBack(work: Work, now: Moment): void {
    const { phase } = work;
    if (phase.name !== "offered") return;
    const { peerId } = phase.holder;
    if (peerId !== undefined) this.#host.avoid(peerId, now);
    this.#revoke(phase.token);
    work.phase = { name: "waiting", fromMs: now.monoMs };
    this.#host.touch();
  }

  #revoke(token: number): void {
    this.#host.emit({ type: "revoke", token });
  }

  /** The attempt is over; another one may follow. */
  #settle(work: Work, ended: Ended, now: Moment, isFinal = false): void {
    const token = tokenOf(work);
    const record = this.#record(work, ended, now);
    const next = isFinal ? undefined : again(work, ended.outcome, this.#host, now);
    this.#host.touch();
    this.#host.note({ ...record, ...(next !== undefined && { again: true }) });
    if (token !== undefined && ended.outcome !== "done") this.#revoke(token);
    if (next !== undefined) {
      work.phase = next;
      return;
    }
    this.#all = this.#all.filter((one) => one !== work);
    const [behind] = this.#queued(work.key);
    const isFree = this.#all.every(({ key, phase }) => key !== work.key || phase.name === "queued");
    if (behind !== undefined && isFree) behind.phase = { name: "waiting", fromMs: now.monoMs };
    this.#host.emit({ type: "over", record });
  }

  #record(work: Work, { outcome, error, value }: Ended, now: Moment): RunRecord {
    return {
      ...this.#about(work),
      endedAt: now.wallMs,
      outcome,
      ...(error !== undefined && { error: error.slice(0, MAX_ERROR_LENGTH) }),
      ...(value !== undefined && { value }),
    };
  }

  #about(work: Work): Omit<RunRecord, "outcome" | "endedAt"> {
    const { id, scheduledAt, by, phase } = work;
    const holder = holderOf(work)?.identity;
    const token = tokenOf(work);
    return {
      ...{ task: this.#host.task, id, scheduledAt },
      ...(phase.name === "running" && { startedAt: phase.startedAt }),
      ...(holder !== undefined && { where: titleOf(holder), pid: holder.pid }),
      ...{ attempt: attemptOf(work) },
      ...(token !== undefined && { token }),
      ...(by !== undefined && { by }),
    };
  }

  #tellStarted(work: Work): void {
    this.#host.emit({ type: "tell", change: { type: "started", ...this.#about(work) } });
  }

  /** Gives up runs that wait for a process that is gone for good. */
  #dropAbsent(now: Moment): void {
    for (const work of [...this.#all]) {
      const { target, phase } = work;
      if (target === undefined || phase.name !== "waiting" || phase.untilMs !== undefined) continue;
      if (this.#host.isThere(target)) continue;
      this.#settle(work, { outcome: "lost", error: "its process has left" }, now);
    }
  }
}

/** Of one that was told to stop, whatever ends it is only how it did. */
function overdueOr({ phase }: Work, ended: Ended): Ended {
  const isOverdue = phase.name === "running" && phase.isOverdue === true;
  return isOverdue ? { outcome: "timeout", error: "it was ended when its time was up" } : ended;
}

const LOST: Ended = { outcome: "lost", error: "its process has ended" };
const MAX_AT_ONCE = 1000;
const MAX_ERROR_LENGTH = 1000;
