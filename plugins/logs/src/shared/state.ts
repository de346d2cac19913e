import type { Act, StepResult, Tale } from "./acts.ts";
import { Pause } from "./pause.ts";
import type { SharedPolicy } from "./policy.ts";
import { GRACE_MS, SAFE_HOLD_MS, TIDY_MS } from "./times.ts";
import type { WriterVerb } from "./topics.ts";
import { Writers } from "./writers.ts";

/** A file that was put aside, and may still be written. */
interface Aside {
  readonly round: number;
  /** It is not touched before. */
  freeMs: number;
  /** Who may have it open. */
  readonly waitsFor: Set<string>;
}

/** Where a rotation is. `sinceMs`: when the writers began to be asked to hold. */
interface Step {
  readonly name: "idle" | "putting-aside" | "copying" | "holding" | "emptying";
  readonly sinceMs: number;
}

const IDLE: Step = { name: "idle", sinceMs: 0 };

/** What asking some writers came to. */
export interface Answers {
  readonly answered: readonly string[];
  readonly missing: readonly string[];
  /** Those that are there, or were, and write nothing any more. */
  readonly gone?: readonly string[] | undefined;
}

/**
 * What is to be done about one file that several processes write. It has no clock, no file and no process: whoever drives
 * it tells what has happened and when, on a monotonic clock in milliseconds, and does what comes back.
 */
export class SharedFileState {
  readonly #writers = new Writers();
  readonly #retry = new Pause();
  readonly #reask = new Pause();
  readonly #retidy = new Pause();
  #step: Step = IDLE;
  #round = 0;
  #asides: Aside[];
  /** What was wanted last: what was put aside is still to be tidied when nobody writes any more. */
  #policy: SharedPolicy | undefined;
  /** Those that have said that they hold. */
  #holders = new Set<string>();
  #isWanted = false;
  #notBeforeMs = 0;
  #asksUnderWay = 0;
  #askAtMs = 0;
  #tidyAtMs = 0;
  #tidiedMs: number;
  #isTidying = false;

  /** What an earlier rotator may have put aside is left alone for a while, as the round 0. */
  constructor(nowMs: number) {
    this.#tidiedMs = nowMs;
    this.#asides = [{ round: 0, freeMs: nowMs + GRACE_MS, waitsFor: new Set() }];
  }

  get writers(): readonly string[] {
    return this.#writers.ids;
  }

  /** Undefined: nobody writes it any more. */
  get policy(): SharedPolicy | undefined {
    return this.#writers.policy;
  }

  wantedOf(writer: string): SharedPolicy | undefined {
    return this.#writers.wantedOf(writer);
  }

  /** Whether nothing is left to do. */
  get isOver(): boolean {
    return this.#writers.size === 0 && this.#asides.length === 0 && this.#step === IDLE;
  }

  /** Whether it is looked at whether the file is to be put aside. */
  mayRotate(nowMs: number): boolean {
    return this.#step === IDLE && this.#writers.size > 0 && nowMs >= this.#notBeforeMs;
  }

  register(writer: string, wanted: SharedPolicy, nowMs: number): Act[] {
    const others = this.#writers.add(writer, wanted, nowMs);
    this.#policy = this.policy;
    return tell("policies-differ", others.length > 0 ? [writer, ...others] : []);
  }

  /** A writer is gone. If only its connection is, it sees by itself, and soon, that the file has another name. */
  forget(writer: string, nowMs: number): Act[] {
    this.#writers.remove(writer);
    for (const aside of this.#asides) {
      if (aside.waitsFor.delete(writer)) aside.freeMs = Math.max(aside.freeMs, nowMs + GRACE_MS);
    }
    return this.#tidyWhatIsFree(nowMs);
  }

  /** It is to be put aside whatever its size and the time. */
  want(): void {
    this.#isWanted = true;
  }

  /** @param isDue what its policy says about it now; only looked at where {@link mayRotate} */
  tick(nowMs: number, isDue: boolean): Act[] {
    const silent = this.#writers.removeSilent(nowMs);
    if (nowMs - this.#tidiedMs >= TIDY_MS) {
      this.#tidiedMs = nowMs;
      this.#asides.unshift({ round: 0, freeMs: nowMs, waitsFor: new Set() });
    }
    return [
      ...tell("silent", silent),
      ...this.#begin(nowMs, isDue),
      ...this.#askAgain(nowMs),
      ...this.#tidyWhatIsFree(nowMs),
    ];
  }

  wasPutAside(round: number, result: StepResult, nowMs: number): Act[] {
    this.#step = IDLE;
    if (this.#hasEnded(result, nowMs)) return [];
    const waitsFor = new Set(this.writers);
    this.#asides.push({ round, freeMs: nowMs + GRACE_MS, waitsFor });
    return this.#ask(round, "reopen", this.writers);
  }

  wasCopied(round: number, result: StepResult, nowMs: number): Act[] {
    if (this.#hasEnded(result, nowMs)) {
      this.#step = IDLE;
      return [];
    }
    this.#step = { name: "holding", sinceMs: nowMs };
    return this.#ask(round, "hold", this.writers);
  }

  /** @param answers of those that were asked in that round */
  wereAsked(round: number, verb: WriterVerb, answers: Answers, nowMs: number): Act[] {
    this.#asksUnderWay -= 1;
    this.#writers.heard(answers.answered, nowMs);
    const freed = (answers.gone ?? []).flatMap((id) => this.forget(id, nowMs));
    if (verb === "reopen") return [...freed, ...this.#haveReopened(round, answers, nowMs)];
    if (verb === "hold" && round === this.#round) {
      return [...freed, ...this.#hold(round, answers, nowMs)];
    }
    return freed;
  }

  /** Whether every writer is known to hold in this instant. */
  mayEmpty(round: number, nowMs: number): boolean {
    const step = this.#step;
    if (step.name !== "emptying" || round !== this.#round) return false;
    return nowMs - step.sinceMs < SAFE_HOLD_MS && this.#isHeldByAll();
  }

  wasEmptied(round: number, result: StepResult, nowMs: number): Act[] {
    this.#step = IDLE;
    const held = this.#ask(round, "resume", [...this.#holders]);
    this.#holders = new Set();
    if (this.#hasEnded(result, nowMs)) return held;
    this.#asides.push({ round, freeMs: nowMs, waitsFor: new Set() });
    return [...held, ...this.#tidyWhatIsFree(nowMs)];
  }

  wasTidied(rounds: readonly number[], result: StepResult, nowMs: number): Act[] {
    this.#isTidying = false;
    if (result === "failed") {
      this.#tidyAtMs = nowMs + this.#retidy.next();
      return [];
    }
    this.#retidy.reset();
    this.#asides = this.#asides.filter(({ round }) => !rounds.includes(round));
    return this.#tidyWhatIsFree(nowMs);
  }

  #begin(nowMs: number, isDue: boolean): Act[] {
    const { policy } = this;
    if (policy === undefined || !this.mayRotate(nowMs) || !(isDue || this.#isWanted)) return [];
    this.#isWanted = false;
    this.#round += 1;
    const [type, name] =
      policy.policy.mode === "rename"
        ? (["put-aside", "putting-aside"] as const)
        : (["copy", "copying"] as const);
    this.#step = { name, sinceMs: nowMs };
    return [{ type, round: this.#round, policy: policy.policy }];
  }

  /** Whether there is no more to this round; after a failure there is a pause before the next. */
  #hasEnded(result: StepResult, nowMs: number): boolean {
    if (result === "failed") this.#notBeforeMs = nowMs + this.#retry.next();
    else this.#retry.reset();
    return result !== "done";
  }

  #ask(round: number, verb: WriterVerb, writers: readonly string[]): Act[] {
    if (verb !== "hold" && writers.length === 0) return [];
    this.#asksUnderWay += 1;
    return [{ type: "ask", round, verb, writers }];
  }

  #haveReopened(round: number, { answered, missing }: Answers, nowMs: number): Act[] {
    // Whoever opened the file after this round holds nothing of it, nor of those before.
    for (const aside of this.#asides) {
      if (aside.round <= round) for (const id of answered) aside.waitsFor.delete(id);
    }
    if (missing.length === 0) this.#reask.reset();
    else this.#askAtMs = nowMs + this.#reask.next();
    return this.#tidyWhatIsFree(nowMs);
  }

  #askAgain(nowMs: number): Act[] {
    if (this.#asksUnderWay > 0 || this.#step !== IDLE || nowMs < this.#askAtMs) return [];
    const waited = this.#asides.flatMap(({ waitsFor }) => [...waitsFor]);
    const late = this.writers.filter((id) => waited.includes(id));
    const newest = this.#asides.at(-1)?.round ?? 0;
    return late.length === 0 ? [] : this.#ask(newest, "reopen", late);
  }

  #hold(round: number, { answered, missing }: Answers, nowMs: number): Act[] {
    if (this.#step.name !== "holding") return [];
    const { sinceMs } = this.#step;
    this.#holders = new Set(answered);
    const policy = this.policy?.policy;
    if (policy !== undefined && this.#isHeldByAll() && nowMs - sinceMs < SAFE_HOLD_MS) {
      this.#step = { name: "emptying", sinceMs };
      return [{ type: "empty", round, policy }];
    }
    this.#step = IDLE;
    this.#hasEnded("failed", nowMs);
    this.#holders = new Set();
    return [
      { type: "drop-copy", round },
      // Also those whose answer has not come: they may hold by now.
      ...this.#ask(round, "resume", [...answered, ...missing]),
      ...tell("not-held", missing),
    ];
  }

  #isHeldByAll(): boolean {
    return this.writers.every((id) => this.#holders.has(id));
  }

  #tidyWhatIsFree(nowMs: number): Act[] {
    const free = this.#asides.filter(
      ({ freeMs, waitsFor }) => waitsFor.size === 0 && nowMs >= freeMs,
    );
    if (free.length === 0 || this.#isTidying || nowMs < this.#tidyAtMs) return [];
    if (this.#policy === undefined) return [];
    this.#isTidying = true;
    this.#tidiedMs = nowMs;
    const { policy } = this.#policy;
    return [{ type: "tidy", rounds: free.map(({ round }) => round), policy }];
  }
}

function tell(what: Tale, writers: readonly string[]): Act[] {
  return writers.length > 0 ? [{ type: "tell", what, writers }] : [];
}
