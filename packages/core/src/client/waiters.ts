import type { Delivery, ElpisError, Leaving, Location, MapAnswer, MapAnswers } from "@elpis/api";
import { isU32 } from "@elpis/api";
import { protocolError } from "@elpis/protocol";
import { type CallName, deadlinePassed, noResponder } from "../errors.ts";

/** How a call was made, for when it has to be made again. */
export interface Asked {
  readonly kind: number;
  readonly route: number;
  readonly target: number;
  readonly flags: number;
  /** What travels with it. */
  readonly extension: Uint8Array | undefined;
  repeats: number;
}

/** Somebody in this process who waits for answers under one correlation. */
export interface Waiter extends CallName {
  readonly topic: string;
  readonly timeoutMs: number;
  /** How many answers the hub still owes; the correlation is free at zero. Unknown while a map has no plan. */
  owed: number | undefined;
  /** Called when the correlation is free. */
  onFree: (() => void) | undefined;
  /** Where the call can be made again with the body that comes back. */
  asked?: Asked;
  /** It does not want to be asked for any more; where it can know. */
  readonly isOver?: boolean;
  /** The hub may keep it for somebody who is not there yet. */
  readonly isKept?: boolean;
  answer(value: unknown, from: Location | undefined): void;
  fail(error: ElpisError, from: Location | undefined): void;
  /** The whole call ends, whatever was answered. */
  give(error: ElpisError): void;
  expire(): void;
}

/** Waits for one answer. What comes after the first does nothing, as with any promise. */
export class OneWaiter implements Waiter {
  owed: number | undefined = 1;
  onFree: (() => void) | undefined;
  asked?: Asked;
  readonly topic: string;
  readonly timeoutMs: number;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: ElpisError) => void;

  constructor(
    topic: string,
    timeoutMs: number,
    resolve: (value: unknown) => void,
    reject: (error: ElpisError) => void,
  ) {
    this.topic = topic;
    this.timeoutMs = timeoutMs;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  answer(value: unknown): void {
    this.#resolve(value);
  }

  fail(error: ElpisError): void {
    this.#reject(error);
  }

  give(error: ElpisError): void {
    this.#reject(error);
  }

  expire(): void {
    this.#reject(deadlinePassed(this));
  }
}

/** Waits for one answer to a call that is followed. */
export class FollowedWaiter extends OneWaiter {
  #leaving: Leaving | undefined;

  constructor(
    leaving: Leaving,
    topic: string,
    timeoutMs: number,
    resolve: (value: unknown) => void,
    reject: (error: ElpisError) => void,
  ) {
    super(topic, timeoutMs, resolve, reject);
    this.#leaving = leaving;
  }

  override answer(value: unknown, from?: Location): void {
    this.#ended(undefined, from);
    super.answer(value);
  }

  override fail(error: ElpisError, from?: Location): void {
    this.#ended(error, from);
    super.fail(error);
  }

  override give(error: ElpisError): void {
    this.#ended(error);
    super.give(error);
  }

  override expire(): void {
    this.give(deadlinePassed(this));
  }

  #ended(error?: ElpisError, from?: Location): void {
    const leaving = this.#leaving;
    this.#leaving = undefined;
    leaving?.ended?.(error, from);
  }
}

/** Waits for the hub to say what became of an event. */
export class ReportWaiter extends OneWaiter {
  /** The hub keeps the event for somebody who listens: its time is that of the waiter. */
  isKept = false;

  override answer(value: unknown): void {
    super.answer(readDelivery(value));
  }

  override expire(): void {
    if (this.isKept) this.fail(noResponder(this));
    else super.expire();
  }
}

function readDelivery(value: unknown): Delivery {
  const { accepted, dropped } = (value ?? {}) as Partial<Delivery>;
  if (!isU32(accepted) || !isU32(dropped)) throw protocolError("a report is not one");
  return { accepted, dropped };
}

/** Waits for one answer of every peer that the hub says it asked. */
export class MapWaiter implements Waiter {
  owed: number | undefined;
  onFree: (() => void) | undefined;
  asked?: Asked;
  readonly topic: string;
  readonly timeoutMs: number;
  readonly #resolve: (answers: MapAnswers<unknown>) => void;
  readonly #reject: (error: ElpisError) => void;
  readonly #answers: MapAnswer<unknown>[] = [];
  readonly #missing = new Map<number, Location>();

  constructor(
    topic: string,
    timeoutMs: number,
    resolve: (answers: MapAnswers<unknown>) => void,
    reject: (error: ElpisError) => void,
  ) {
    this.topic = topic;
    this.timeoutMs = timeoutMs;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** The peers that were asked. */
  plan(peers: readonly Location[]): void {
    this.owed = peers.length;
    for (const peer of peers) this.#missing.set(peer.id, peer);
    this.#finishWhenWhole();
  }

  answer(value: unknown, from: Location | undefined): void {
    if (from === undefined || !this.#missing.delete(from.id)) return;
    this.#answers.push({ from, ok: true, value });
    this.#finishWhenWhole();
  }

  fail(error: ElpisError, from: Location | undefined): void {
    if (from === undefined || !this.#missing.delete(from.id)) return;
    this.#answers.push({ from, ok: false, error });
    this.#finishWhenWhole();
  }

  give(error: ElpisError): void {
    this.#reject(error);
  }

  expire(): void {
    if (this.owed === undefined) return this.#reject(deadlinePassed(this));
    for (const from of this.#missing.values()) {
      this.#answers.push({ from, ok: false, error: deadlinePassed(this, from) });
    }
    this.#missing.clear();
    this.#finishWhenWhole();
  }

  #finishWhenWhole(): void {
    if (this.#missing.size > 0) return;
    const partial = this.#answers.some((answer) => !answer.ok);
    this.#resolve(Object.assign(this.#answers, { partial }));
  }
}
