import { Deadlines } from "../time/deadlines.ts";
import type { Peer } from "./peer.ts";

/** A request on its way: who asked whom. */
export interface Call {
  /** Undefined when nobody waits any more: cancelled, too late, or the caller has left. */
  caller: Peer | undefined;
  /** The caller's number for it. */
  correlation: number;
  /** Undefined when the number is free. */
  callee: Peer | undefined;
  /** When it began, on the hub's clock, in milliseconds. */
  startedMs: number;
  /** The request stands before this position in the callee's queue. */
  position: number;
}

/**
 * The calls under way, numbered. The number travels to the callee as correlation, so that an answer finds its call
 * without a search. It is free again only when the callee has answered or left: a late answer can never be taken for
 * that to another call.
 */
export class Calls {
  readonly #calls: Call[] = [];
  readonly #free: number[] = [];
  readonly #deadlines: Deadlines;
  #open = 0;

  constructor(nowMs: number) {
    this.#deadlines = new Deadlines(nowMs);
  }

  /** Calls whose callee has not answered. */
  get open(): number {
    return this.#open;
  }

  /** Deadlines ahead. */
  get deadlines(): number {
    return this.#deadlines.size;
  }

  /** Whether any call has a deadline ahead. */
  get hasDeadlines(): boolean {
    return this.#deadlines.size > 0;
  }

  begin(caller: Peer, correlation: number, callee: Peer, deadlineMs: number, nowMs = 0): number {
    let number = this.#free.pop();
    if (number === undefined) {
      number = this.#calls.length;
      this.#calls.push({ caller, correlation, callee, startedMs: nowMs, position: 0 });
    } else {
      const call = this.#calls[number] as Call;
      call.caller = caller;
      call.correlation = correlation;
      call.callee = callee;
      call.startedMs = nowMs;
      call.position = 0;
    }
    callee.openCalls++;
    this.#open++;
    if (deadlineMs > 0) this.#deadlines.add(number, deadlineMs);
    return number;
  }

  /** The call that `callee` was given under this number. */
  of(callee: Peer, number: number): Call | undefined {
    const call = this.#calls[number];
    return call !== undefined && call.callee === callee ? call : undefined;
  }

  /** The call with this number, which must be open. */
  at(number: number): Call {
    return this.#calls[number] as Call;
  }

  /** Nobody waits any more; the number stays taken until the callee answers. */
  abandon(number: number): void {
    this.#deadlines.remove(number);
    this.at(number).caller = undefined;
  }

  /** Another one is to answer: a call that was kept has found its callee. */
  give(number: number, callee: Peer): void {
    const call = this.at(number);
    if (call.callee !== undefined) call.callee.openCalls--;
    call.callee = callee;
    callee.openCalls++;
  }

  /** The callee has answered or left. */
  end(number: number): void {
    const call = this.at(number);
    this.#deadlines.remove(number);
    if (call.callee !== undefined) call.callee.openCalls--;
    call.caller = undefined;
    call.callee = undefined;
    this.#open--;
    this.#free.push(number);
  }

  /** The numbers of all calls that this peer was given. */
  givenTo(callee: Peer): number[] {
    const numbers: number[] = [];
    if (callee.openCalls === 0) return numbers;
    for (const [number, call] of this.#calls.entries()) {
      if (call.callee !== callee) continue;
      numbers.push(number);
      if (numbers.length === callee.openCalls) break;
    }
    return numbers;
  }

  expire(nowMs: number, onDue: (number: number) => void): void {
    this.#deadlines.expire(nowMs, onDue);
  }
}
