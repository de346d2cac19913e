import type { Seeded } from "@elpis/testing";
import type { Act } from "../../src/shared/acts.ts";
import type { SharedPolicy } from "../../src/shared/policy.ts";
import { type Answers, SharedFileState } from "../../src/shared/state.ts";
import { ANSWER_MS, HEARTBEAT_MS, HOLD_MS, LOOK_MS } from "../../src/shared/times.ts";

/** What has a name, or had one, and its lines. */
interface File {
  readonly lines: number[];
  /** It is compressed or removed: what is written to it now is lost. */
  isSealed: boolean;
}

interface Writer {
  readonly id: string;
  file: File;
  lookedMs: number;
  heldUntilMs: number;
  isFrozen: boolean;
  isRegistered: boolean;
  registeredMs: number;
  /** What it has not written yet. */
  waiting: number[];
  /** What it was asked, and has not done. */
  asked: Asked[];
}

interface Asked {
  readonly ask: Extract<Act, { type: "ask" }>;
  readonly untilMs: number;
  readonly answered: string[];
  open: Set<string>;
  isOver: boolean;
}

/** Files, writers and a rotator without any of them, to try what its state machine decides. */
export class World {
  nowMs = 0;
  rotations = 0;
  readonly written: number[] = [];
  readonly wrong: string[] = [];
  readonly files: File[] = [];
  readonly writers: Writer[] = [];
  state: SharedFileState = new SharedFileState(0);
  readonly #random: Seeded;
  readonly #policy: SharedPolicy;
  readonly #asides = new Map<number, File>();
  readonly #acts: Array<Exclude<Act, { type: "ask" | "tell" }>> = [];
  readonly #asks: Asked[] = [];
  readonly #left: string[] = [];
  #current: File;
  #copy: number[] | undefined;
  readonly #pauses: readonly number[];
  #next = 0;

  constructor(random: Seeded, policy: SharedPolicy) {
    this.#random = random;
    this.#policy = policy;
    const isHeld = policy.policy.mode === "truncate";
    this.#pauses = isHeld ? [1, 5, 20, 50, 300, 1600] : [1, 50, 300, 800, 1500, 6000];
    this.#current = this.#newFile();
  }

  /** Something happens. */
  step(): void {
    const random = this.#random;
    const what = random.int(20);
    const writer = this.writers.length > 0 ? random.pick(this.writers) : undefined;
    if (what < 5 && writer !== undefined) this.#log(writer);
    else if (what < 8 && writer !== undefined) this.#answer(writer);
    else if (what < 11) this.#act();
    else if (what < 14) this.advance(random.pick(this.#pauses));
    else if (what === 14) this.#tick(random.int(3) === 0);
    else if (what === 15 && this.writers.length < 4) this.#join();
    else if (what === 16 && writer !== undefined) this.#freezeOrThaw(writer);
    else if (what === 17 && writer !== undefined && random.int(4) === 0) this.#kill(writer);
    else if (what === 18) this.#hearLeft();
    else if (what === 19) this.#tick(false);
  }

  advance(ms: number): void {
    this.nowMs += ms;
    for (const asked of [...this.#asks]) if (this.nowMs >= asked.untilMs) this.#close(asked);
    for (const writer of this.writers) {
      const isDue = this.nowMs - writer.registeredMs >= HEARTBEAT_MS;
      if (isDue && !writer.isFrozen && writer.isRegistered) this.#register(writer);
    }
  }

  /** Nobody is frozen any more, and all that is under way comes to its end. */
  settle(): void {
    for (const writer of this.writers) writer.isFrozen = false;
    for (let n = 0; n < 60; n++) {
      for (const writer of this.writers) {
        if (!writer.isRegistered) this.#register(writer);
        while (writer.asked.length > 0) this.#answer(writer);
        this.#write(writer);
      }
      while (this.#acts.length > 0) this.#act();
      while (this.#left.length > 0) this.#hearLeft();
      this.advance(1500);
      this.#tick(false);
    }
  }

  /** How many that were put aside are not compressed yet. */
  get unsealed(): number {
    return [...this.#asides.values()].filter((file) => !file.isSealed).length;
  }

  #join(): void {
    const writer: Writer = {
      id: `w${this.#next++}`,
      file: this.#current,
      lookedMs: this.nowMs,
      heldUntilMs: 0,
      isFrozen: false,
      isRegistered: false,
      registeredMs: this.nowMs,
      waiting: [],
      asked: [],
    };
    this.writers.push(writer);
    if (this.#random.int(2) === 0) this.#register(writer);
  }

  #register(writer: Writer): void {
    this.#look(writer);
    writer.isRegistered = true;
    writer.registeredMs = this.nowMs;
    this.#take(this.state.register(writer.id, this.#policy, this.nowMs));
    this.#look(writer);
  }

  #look(writer: Writer): void {
    writer.file = this.#current;
    writer.lookedMs = this.nowMs;
  }

  #log(writer: Writer): void {
    if (writer.isFrozen) return;
    writer.waiting.push(this.#next++);
    this.#write(writer);
  }

  #write(writer: Writer): void {
    if (this.nowMs < writer.heldUntilMs) return;
    // Whom the rotator knows it waits for; the others have to see to it themselves.
    if (!writer.isRegistered && this.nowMs - writer.lookedMs >= LOOK_MS) this.#look(writer);
    for (const line of writer.waiting.splice(0)) {
      if (writer.file.isSealed) this.wrong.push(`${writer.id} wrote ${line} to a sealed file`);
      writer.file.lines.push(line);
      this.written.push(line);
    }
  }

  #freezeOrThaw(writer: Writer): void {
    // One that is not registered, and frozen for longer than the grace, looks before it writes: not tried here.
    if (!writer.isRegistered) return;
    writer.isFrozen = !writer.isFrozen;
    if (writer.isFrozen) return;
    // What it had in its hands when it was frozen goes where it was to go.
    writer.waiting.push(this.#next++);
    this.#write(writer);
  }

  #kill(writer: Writer): void {
    this.writers.splice(this.writers.indexOf(writer), 1);
    this.#left.push(writer.id);
    for (const asked of writer.asked) this.#miss(asked, writer.id);
  }

  #hearLeft(): void {
    const id = this.#left.shift();
    if (id !== undefined) this.#take(this.state.forget(id, this.nowMs));
  }

  #tick(isDue: boolean): void {
    this.#take(this.state.tick(this.nowMs, isDue && this.state.mayRotate(this.nowMs)));
  }

  #take(acts: readonly Act[]): void {
    for (const act of acts) {
      if (act.type === "tell") continue;
      if (act.type === "ask") this.#ask(act);
      else this.#acts.push(act);
    }
  }

  #ask(ask: Extract<Act, { type: "ask" }>): void {
    const open = new Set(ask.writers);
    const asked: Asked = {
      ask,
      untilMs: this.nowMs + ANSWER_MS,
      answered: [],
      open,
      isOver: false,
    };
    this.#asks.push(asked);
    for (const id of ask.writers) {
      const writer = this.writers.find((one) => one.id === id);
      if (writer === undefined) this.#miss(asked, id);
      else writer.asked.push(asked);
    }
    if (open.size === 0) this.#close(asked);
  }

  #answer(writer: Writer): void {
    if (writer.isFrozen) return;
    const asked = writer.asked.shift();
    if (asked === undefined) return;
    const { verb } = asked.ask;
    if (verb === "reopen") this.#look(writer);
    if (verb === "hold") writer.heldUntilMs = this.nowMs + HOLD_MS;
    if (verb === "resume") writer.heldUntilMs = 0;
    if (!asked.isOver && asked.open.has(writer.id)) asked.answered.push(writer.id);
    this.#miss(asked, writer.id);
  }

  #miss(asked: Asked, id: string): void {
    asked.open.delete(id);
    if (asked.open.size === 0) this.#close(asked);
  }

  #close(asked: Asked): void {
    if (asked.isOver) return;
    asked.isOver = true;
    this.#asks.splice(this.#asks.indexOf(asked), 1);
    const { round, verb, writers } = asked.ask;
    const missing = writers.filter((id) => !asked.answered.includes(id));
    const answers: Answers = { answered: asked.answered, missing };
    this.#take(this.state.wereAsked(round, verb, answers, this.nowMs));
  }

  #act(): void {
    const act = this.#acts.shift();
    if (act === undefined) return;
    const hasFailed = this.#random.int(12) === 0;
    switch (act.type) {
      case "put-aside": {
        const isEmpty = this.#current.lines.length === 0;
        const result = hasFailed ? "failed" : isEmpty ? "nothing" : "done";
        if (result === "done") this.#putAside(act.round);
        this.#take(this.state.wasPutAside(act.round, result, this.nowMs));
        return;
      }
      case "copy":
        this.#copy = [...this.#current.lines];
        this.#take(this.state.wasCopied(act.round, hasFailed ? "failed" : "done", this.nowMs));
        return;
      case "empty": {
        const done = !hasFailed && this.#empty(act.round);
        this.#take(this.state.wasEmptied(act.round, done ? "done" : "failed", this.nowMs));
        return;
      }
      case "drop-copy":
        this.#copy = undefined;
        return;
      case "tidy":
        if (!hasFailed) for (const round of act.rounds) this.#seal(round);
        this.#take(this.state.wasTidied(act.rounds, hasFailed ? "failed" : "done", this.nowMs));
    }
  }

  #putAside(round: number): void {
    this.rotations += 1;
    this.#asides.set(round, this.#current);
    this.#current = this.#newFile();
  }

  #empty(round: number): boolean {
    if (!this.state.mayEmpty(round, this.nowMs)) return false;
    for (const writer of this.writers) {
      if (writer.isRegistered && this.nowMs >= writer.heldUntilMs) {
        this.wrong.push(`${writer.id} did not hold when the file was emptied`);
      }
    }
    const missing = this.#current.lines.filter((line) => !this.#copy?.includes(line));
    const copy = this.#newFile();
    copy.lines.push(...(this.#copy ?? []), ...missing);
    this.#current.lines.length = 0;
    this.#asides.set(round, copy);
    this.rotations += 1;
    return true;
  }

  #seal(round: number): void {
    const file = this.#asides.get(round);
    if (file !== undefined) file.isSealed = true;
  }

  #newFile(): File {
    const file: File = { lines: [], isSealed: false };
    this.files.push(file);
    return file;
  }
}
