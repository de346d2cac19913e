import type { Seeded } from "@elpis/testing";
import {
  type Aggregator,
  type AggregatorSnapshot,
  createAggregator,
  createDeltaSender,
  createStore,
  type Delta,
  type DeltaAnswer,
  type DeltaSender,
  type Source,
  type Store,
} from "../../src/index.ts";
import { type FakeTimers, fakeTimers, settled } from "./fake-timers.ts";

/** What one process has of each series: by instrument and tags. */
export type Values = Map<string, number>;

/** Whole values that an aggregator has of each process, and all that had to do with it. */
type Model = Map<SimProcess, Values>;

/** A process of the simulation. */
export interface SimProcess {
  readonly source: Source;
  readonly store: Store;
  readonly sender: DeltaSender;
  /** What it has really done. */
  readonly recorded: Values;
  /** Which series its numbers mean. */
  readonly keys: Map<number, string>;
  readonly instruments: Map<number, string>;
  isAlive: boolean;
}

interface Letter {
  readonly from: SimProcess;
  readonly delta: Delta;
}

/** Processes, an agent that comes and goes, and a way between them that loses, doubles and delays. */
export class World {
  readonly timers: FakeTimers = fakeTimers();
  readonly random: Seeded;
  readonly processes: SimProcess[] = [];
  agent: Aggregator | undefined;
  /** What the agent must have: absolute values, whatever came in between. */
  model: Model = new Map();
  /** How often of ten something goes wrong on the way. */
  trouble: number;
  /** Called with each new agent, before anybody talks to it. */
  onAgent: (agent: Aggregator) => void = () => {};
  #epochs = new Map<string, number>();
  /** How long the agent keeps sums that nobody has any more. */
  keepSumsMs = 86_400_000;
  #late: Letter[] = [];
  #isSaveDue = false;
  #saved: { readonly snapshot: AggregatorSnapshot; readonly model: Model } | undefined;

  constructor(random: Seeded, trouble: number) {
    this.random = random;
    this.trouble = trouble;
  }

  alive(): SimProcess[] {
    return this.processes.filter(({ isAlive }) => isAlive);
  }

  startProcess(): void {
    const name = this.random.pick(["web", "jobs"]);
    const index = this.random.int(3);
    const slot = `${name}.${index}`;
    const epoch = (this.#epochs.get(slot) ?? 0) + 1;
    this.#epochs.set(slot, epoch);
    const run = `${slot}-${epoch}`;
    const store = createStore({
      run,
      wallTime: this.timers.wallTime,
      limits: { seriesPerInstrument: 6 },
    });
    const process: SimProcess = {
      source: { app: "shop", name, index, epoch },
      store,
      sender: createDeltaSender({
        store,
        clock: this.timers,
        phase: this.random.next(),
        maxBytes: this.random.pick([100, 1000, 100_000]),
        sendTimeoutMs: 3000,
        send: (delta) => this.#send(process, structuredClone(delta)),
      }),
      recorded: new Map(),
      keys: new Map(),
      instruments: new Map(),
      isAlive: true,
    };
    this.processes.push(process);
    process.sender.start();
  }

  /** Does something that is measured. */
  work(): void {
    const alive = this.alive();
    if (alive.length === 0) return;
    const { store, recorded, source } = this.random.pick(alive);
    const tag = this.random.int(9);
    const kind = this.random.pick(["sum", "distribution", "level", "open"]);
    const amount = this.random.int(100);
    if (kind === "sum") store.counter("sum").add(amount, { tag, name: source.name });
    else if (kind === "distribution") store.histogram("distribution").record(amount, { tag: 1 });
    else if (kind === "level") store.gauge("level").record(amount);
    else store.upDownCounter("open").add(amount - 50);
    const grown = kind === "sum" ? amount : 1;
    if (kind === "level" || kind === "open") return;
    recorded.set(kind, (recorded.get(kind) ?? 0) + grown);
  }

  /** The process is killed. */
  kill(): void {
    const alive = this.alive();
    if (alive.length === 0) return;
    const process = this.random.pick(alive);
    process.isAlive = false;
    // Its timers are as dead as it is: nothing is sent any more.
    void process.sender.close(1);
    this.#leave(process);
  }

  #leave({ source }: SimProcess): void {
    this.agent?.gone(source);
    this.#saveIfDue();
  }

  /** The process ends as it should. @returns whether its last delta was taken */
  async stop(process: SimProcess): Promise<boolean> {
    const closed = process.sender.close(1000);
    await settled();
    await this.timers.advance(1000);
    process.isAlive = false;
    this.#leave(process);
    return closed;
  }

  /** @param how what the new one knows of the one before */
  async startAgent(how: "nothing" | "snapshot"): Promise<void> {
    await this.timers.advance(1);
    const isRestored = how === "snapshot" && this.#saved !== undefined;
    this.model = isRestored ? copyOf(this.#saved?.model as Model) : new Map();
    const agent = createAggregator({
      now: this.timers.now,
      wallTime: this.timers.wallTime,
      limits: { seriesPerInstrument: 8 },
      keepSumsMs: this.keepSumsMs,
      ...(this.keepSumsMs < 60_000 && { expireAfterMs: 10_000 }),
      onMembers: () => {
        this.#isSaveDue = true;
      },
      ...(isRestored && { restore: structuredClone(this.#saved?.snapshot) }),
    });
    this.agent = agent;
    this.onAgent(agent);
    this.save();
    for (const { source, sender } of this.alive()) {
      agent.expect(source);
      if (this.random.int(2) === 0) sender.reconnected();
    }
    await settled();
  }

  /** The agent is killed. */
  killAgent(): void {
    this.agent = undefined;
  }

  /** The agent ends as it should, and keeps its last snapshot. */
  stopAgent(): void {
    this.save(true);
    this.agent = undefined;
  }

  #saveIfDue(): void {
    if (this.#isSaveDue) this.save();
    this.#isSaveDue = false;
  }

  save(isFinal = false): void {
    if (this.agent === undefined) return;
    // As it would be read from a file.
    const snapshot = structuredClone(this.agent.snapshot(isFinal));
    this.#saved = { snapshot, model: copyOf(this.model) };
  }

  /** Delivers something that was on the way for long. */
  deliverLate(): void {
    if (this.#late.length === 0) return;
    const [letter] = this.#late.splice(this.random.int(this.#late.length), 1);
    if (letter !== undefined) this.#deliver(letter).catch(() => {});
  }

  #send(from: SimProcess, delta: Delta): Promise<DeltaAnswer> {
    if (!from.isAlive) return new Promise(() => {});
    const isTrouble = this.random.int(10) < this.trouble;
    const fate = isTrouble
      ? this.random.pick(["lost", "answer lost", "doubled", "late", "hangs"])
      : "well";
    const letter = { from, delta };
    const lost = Promise.reject(new Error(fate));
    lost.catch(() => {});
    if (fate === "lost") return lost;
    if (fate === "hangs") return new Promise(() => {});
    if (fate === "late" || fate === "doubled") this.#late.push(letter);
    if (fate === "late") return lost;
    const answer = this.#deliver(letter);
    answer.catch(() => {});
    return fate === "answer lost" ? lost : answer;
  }

  #deliver({ from, delta }: Letter): Promise<DeltaAnswer> {
    if (this.agent === undefined) return Promise.reject(new Error("no agent"));
    const before = this.agent.stats().taken;
    const answer = this.agent.take(from.source, structuredClone(delta));
    if (this.agent.stats().taken > before) this.#note(from, delta);
    this.#saveIfDue();
    return Promise.resolve(answer);
  }

  /** Absolute values: whatever is told last is what counts. */
  #note(from: SimProcess, delta: Delta): void {
    for (const [ref, name] of delta.instruments) from.instruments.set(ref, name);
    for (const [ref, instrument, tags] of delta.series) {
      from.keys.set(ref, `${from.instruments.get(instrument)} ${JSON.stringify(tags)}`);
    }
    const values = this.model.get(from) ?? new Map<string, number>();
    this.model.set(from, values);
    let ref = 0;
    for (let at = 0; at < delta.numbers.length; at += 2) {
      ref += delta.numbers[at] as number;
      values.set(from.keys.get(ref) as string, delta.numbers[at + 1] as number);
    }
    for (const [series, count] of delta.histograms) {
      values.set(from.keys.get(series) as string, count);
    }
  }

  /** What an agent must tell of a name. */
  expected(instrument: string, name: string): number {
    let sum = 0;
    for (const [process, values] of this.model) {
      if (process.source.name === name) sum += totalOf(values, instrument);
    }
    return sum;
  }
}

/** All series of an instrument together. */
export function totalOf(values: Values, instrument: string): number {
  let sum = 0;
  for (const [key, value] of values) if (key.startsWith(`${instrument} `)) sum += value;
  return sum;
}

function copyOf(model: Model): Model {
  return new Map([...model].map(([process, values]) => [process, new Map(values)]));
}
