import { decideRotation } from "../files/rotation.ts";
import { spanOf } from "../files/spans.ts";
import type { RotationPolicy } from "../files/types.ts";
import type { Act, StepResult } from "./acts.ts";
import type { SharedFilesEdges } from "./edges.ts";
import { FileSteps } from "./file-steps.ts";
import type { SharedPolicy } from "./policy.ts";
import { type Answers, SharedFileState } from "./state.ts";
import { Tales } from "./tales.ts";

type ActOf<Type extends Act["type"]> = Extract<Act, { readonly type: Type }>;
type Waiting = (aside: string | undefined) => void;

/** Does for one file what its {@link SharedFileState} wants done. */
export class SharedFile {
  readonly path: string;
  readonly #edges: Required<SharedFilesEdges>;
  readonly #state: SharedFileState;
  readonly #steps: FileSteps;
  readonly #tales: Tales;
  readonly #underWay = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  /** The span of time that its lines belong to, and what it will be when it is put aside. */
  #span: number | undefined;
  #nextSpan: number | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #rotations = 0;
  /** What it was called when it was put aside last. */
  #aside: string | undefined;
  /** Who waits for the next rotation, and by round, for those under way. */
  #waiting: Waiting[] = [];
  readonly #rounds = new Map<number, Waiting[]>();

  constructor(path: string, edges: Required<SharedFilesEdges>) {
    this.path = path;
    this.#edges = edges;
    this.#state = new SharedFileState(this.#ms());
    this.#steps = new FileSteps(path);
    this.#tales = new Tales(path, edges.log);
  }

  get writers(): readonly string[] {
    return this.#state.writers;
  }

  get policy(): SharedPolicy | undefined {
    return this.#state.policy;
  }

  /** How often it was put aside. */
  get rotations(): number {
    return this.#rotations;
  }

  /** How many of the files that were put aside may not be touched yet. */
  get held(): number {
    return this.#steps.held;
  }

  /** Whether nobody writes it any more, and nothing is left to do. */
  get isOver(): boolean {
    return this.#state.isOver && this.#underWay.size === 0;
  }

  /** Mends what an earlier rotator has left. To be called first. */
  async open(): Promise<void> {
    try {
      await this.#steps.recover();
    } catch (error) {
      this.#tales.failed("recover", error);
    }
  }

  register(writer: string, wanted: SharedPolicy): void {
    this.#do(this.#state.register(writer, wanted, this.#ms()));
  }

  forget(writer: string): void {
    this.#do(this.#state.forget(writer, this.#ms()));
  }

  /** Looks at its size and the time, and at who has not answered yet. */
  async tick(): Promise<void> {
    const isDue = this.#state.mayRotate(this.#ms()) && (await this.#isDue());
    this.#do(this.#state.tick(this.#ms(), isDue));
  }

  /**
   * Puts it aside now, or after what is under way, and waits until its writers have been asked.
   *
   * @returns its new name; undefined when there was nothing, or it failed
   */
  async rotate(): Promise<string | undefined> {
    if (this.policy === undefined) return undefined;
    await this.#isDue();
    const rotated = new Promise<string | undefined>((resolve) => this.#waiting.push(resolve));
    this.#state.want();
    this.#do(this.#state.tick(this.#ms(), false));
    return await rotated;
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.settled();
    await this.#step("drop-copy", () => this.#dropCopy());
    for (const round of [...this.#rounds.keys()]) this.#over(round, undefined);
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }

  async #isDue(): Promise<boolean> {
    if (this.policy === undefined) return false;
    const { policy, lookMs = 0 } = this.policy;
    const isLook = this.#ms() - this.#lookedMs >= lookMs;
    if (isLook) this.#lookedMs = this.#ms();
    const now = this.#edges.now();
    const before = this.#rotations;
    const { every, mode } = policy;
    const { bytes, begunMs = now } = await this.#look(mode);
    // It has been put aside meanwhile: what was seen is not so any more.
    if (before !== this.#rotations) return false;
    this.#span ??= every && spanOf(every, begunMs);
    const limits = { every, maxBytes: isLook ? policy.maxBytes : undefined };
    const decision = decideRotation(limits, { bytes, span: this.#span }, now);
    if (decision.act === "rekey") this.#span = decision.span;
    this.#nextSpan = decision.act === "rotate" ? decision.span : this.#span;
    return decision.act === "rotate";
  }

  async #look(mode: RotationPolicy["mode"]): ReturnType<FileSteps["look"]> {
    try {
      return await this.#steps.look(mode);
    } catch (error) {
      this.#tales.failed("look", error);
      return { bytes: 0, begunMs: undefined };
    }
  }

  #do(acts: readonly Act[]): void {
    if (this.#closing.signal.aborted) return;
    for (const act of acts) {
      const done = this.#act(act).then((next) => {
        this.#underWay.delete(done);
        this.#do(next);
      });
      this.#underWay.add(done);
    }
  }

  /** Never rejects. @returns what comes next */
  async #act(act: Act): Promise<Act[]> {
    switch (act.type) {
      case "put-aside":
        return await this.#putAside(act);
      case "copy":
        return await this.#makeCopy(act);
      case "empty":
        return await this.#empty(act);
      case "drop-copy":
        await this.#step("drop-copy", () => this.#dropCopy());
        this.#over(act.round, undefined);
        return [];
      case "ask":
        return await this.#ask(act);
      case "tidy":
        return await this.#tidy(act);
      case "tell":
        this.#tales.tell(act.what, act.writers, (id) => this.#state.wantedOf(id));
        return [];
    }
  }

  async #putAside({ type, round, policy }: ActOf<"put-aside">): Promise<Act[]> {
    this.#begin(round);
    const result = await this.#step(type, async () =>
      this.#wasRotated(await this.#steps.putAside(round, policy, this.#span), "nothing"),
    );
    const next = this.#state.wasPutAside(round, result, this.#ms());
    // Otherwise it is over when the writers have been asked.
    if (next.length === 0) this.#over(round, result === "done" ? this.#aside : undefined);
    return next;
  }

  async #makeCopy({ type, round }: ActOf<"copy">): Promise<Act[]> {
    this.#begin(round);
    const result = await this.#step(type, async () =>
      (await this.#steps.copy()) ? "done" : "nothing",
    );
    if (result !== "done") this.#over(round, undefined);
    return this.#state.wasCopied(round, result, this.#ms());
  }

  async #empty({ type, round, policy }: ActOf<"empty">): Promise<Act[]> {
    const mayEmpty = (): boolean => this.#state.mayEmpty(round, this.#ms());
    const result = await this.#step(type, async () =>
      this.#wasRotated(await this.#steps.empty(policy, this.#span, mayEmpty), "failed"),
    );
    // The writers go on at once, and not only when the copy is closed.
    this.#do(this.#state.wasEmptied(round, result, this.#ms()));
    await this.#step("drop-copy", () => this.#dropCopy());
    this.#over(round, result === "done" ? this.#aside : undefined);
    return [];
  }

  async #ask({ round, verb, writers }: ActOf<"ask">): Promise<Act[]> {
    const nobody: Answers = { answered: [], missing: writers };
    const question = { path: this.path, verb, writers };
    const answers = await this.#edges.ask(question).catch(() => nobody);
    const next = this.#state.wereAsked(round, verb, answers, this.#ms());
    if (verb === "reopen") this.#over(round, this.#aside);
    return next;
  }

  async #tidy({ type, rounds, policy }: ActOf<"tidy">): Promise<Act[]> {
    const result = await this.#step(type, async () => {
      await this.#steps.tidy(rounds, policy, this.#edges.now(), this.#closing.signal);
      return "done";
    });
    return this.#state.wasTidied(rounds, result, this.#ms());
  }

  /** Never rejects. */
  async #step(what: string, step: () => Promise<StepResult>): Promise<StepResult> {
    try {
      const result = await step();
      this.#tales.went(what);
      return result;
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#tales.failed(what, error);
      return "failed";
    }
  }

  async #dropCopy(): Promise<StepResult> {
    await this.#steps.dropCopy();
    return "done";
  }

  #wasRotated(aside: string | undefined, otherwise: StepResult): StepResult {
    if (aside === undefined) return otherwise;
    this.#aside = aside;
    this.#span = this.#nextSpan;
    this.#rotations += 1;
    return "done";
  }

  /** Who waits for a rotation waits for this one. */
  #begin(round: number): void {
    this.#rounds.set(round, this.#waiting.splice(0));
  }

  #over(round: number, aside: string | undefined): void {
    for (const resolve of this.#rounds.get(round) ?? []) resolve(aside);
    this.#rounds.delete(round);
  }

  #ms(): number {
    return this.#edges.monotonicNow();
  }
}
