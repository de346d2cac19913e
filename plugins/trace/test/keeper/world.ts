import type { Seeded } from "@elpis/testing";
import type { MoreStats, Source } from "../../src/keeper/contract.ts";
import { parcelsOf } from "../../src/keeper/handover.ts";
import type { KeepingOptions } from "../../src/keeper/keeper-options.ts";
import type { OpenSpan, SentSpan } from "../../src/topics.ts";
import { packed } from "../packed.ts";
import { at, EPOCH, Kept, sourceOf, spanId, traceId } from "./support.ts";

const TICK_MS = 50;
/** As a process does: it tells each second, and announces what has been open for half of one. */
const FLUSH_MS = 1000;
const ANNOUNCE_MS = 500;
const DELAY_MS = 300;

/** A span as it really is. */
interface Real {
  readonly sent: SentSpan;
  readonly beginsAt: number;
  readonly endsAt: number;
  readonly process: Living;
  readonly parent: Real | undefined;
  isAnnounced: boolean;
  isTold: boolean;
}

/** Whether its process lived then, and whoever asked for it. */
export function hasBegun({ parent, process, beginsAt }: Real): boolean {
  if (process.diedAt <= beginsAt) return false;
  return parent === undefined || (parent.process.diedAt > beginsAt && hasBegun(parent));
}

interface Living {
  readonly source: Source;
  readonly phase: number;
  diedAt: number;
  seq: number;
  readonly spans: Real[];
}

interface OnItsWay {
  readonly source: Source;
  readonly batch: {
    readonly seq: number;
    readonly spans: readonly SentSpan[];
    readonly open: readonly OpenSpan[];
    readonly lost: number;
  };
  readonly keeper: Kept;
  arrivesAt: number;
}

/** What is to happen besides. */
export interface Trouble {
  readonly deaths?: boolean;
  readonly reload?: boolean;
  readonly duplicates?: boolean;
}

/** Some processes that work on traces, tell of them, and die; and whoever keeps those. */
export class World {
  readonly random: Seeded;
  now = 0;
  readonly keepers: Kept[];
  readonly processes: Living[];
  /** Spans that came, by their trace. */
  readonly told = new Map<string, Map<string, SentSpan>>();
  /** All spans that ever began, by their trace. */
  readonly real = new Map<string, Real[]>();
  /** Traces that a successor was told of, and those that it was not, though it got more of them. */
  readonly relayed = new Set<string>();
  readonly split = new Set<string>();
  deaths = 0;
  repeated = 0;
  readonly #options: KeepingOptions;
  readonly #trouble: Trouble;
  readonly #firstKeeperOf = new Map<string, Kept>();
  #ways: OnItsWay[] = [];
  #lastTrace = 0;
  #lastSpan = 0;

  constructor(random: Seeded, options: KeepingOptions, trouble: Trouble) {
    this.random = random;
    this.#options = options;
    this.#trouble = trouble;
    this.keepers = [new Kept(options)];
    this.processes = [sourceOf("web"), sourceOf("web", 1), sourceOf("worker")].map((source) =>
      this.#start(source),
    );
  }

  get keeper(): Kept {
    return this.keepers.at(-1) as Kept;
  }

  stats(): MoreStats[] {
    return this.keepers.map(({ traces }) => traces.stats());
  }

  /** What was handed on of a trace, by all keepers. */
  handed(trace: string): string[] {
    return this.keepers.flatMap(({ spans }) =>
      spans.filter((one) => one.traceId === trace).map((one) => one.spanId),
    );
  }

  /** Lets some time pass. @param check called after each step */
  run(untilMs: number, busyUntilMs: number, check: () => void): void {
    const { random } = this;
    while (this.now < untilMs) {
      this.now += TICK_MS;
      if (this.now < busyUntilMs) {
        if (random.next() < 0.25) this.#work();
        if (this.#trouble.deaths && random.next() < 0.01) this.#kill();
        if (this.#trouble.reload && random.next() < 0.003) this.#reload();
      }
      for (const process of this.processes) {
        if ((this.now + process.phase) % FLUSH_MS === 0) this.#flush(process);
      }
      this.#deliver();
      if (this.now % 250 === 0) this.keeper.traces.decide(at(this.now));
      check();
    }
  }

  #start(source: Source): Living {
    const phase = this.random.int(FLUSH_MS / TICK_MS) * TICK_MS;
    return { source, phase, diedAt: Number.POSITIVE_INFINITY, seq: 0, spans: [] };
  }

  /** A trace begins: each span begins while its parent is under way, here or elsewhere. */
  #work(): void {
    const { random } = this;
    this.#lastTrace += 1;
    const trace = traceId(this.#lastTrace);
    const lasts = random.next() < 0.02 ? 40_000 : random.int(random.next() < 0.2 ? 6000 : 400);
    const reals: Real[] = [];
    this.real.set(trace, reals);
    const hasStranger = random.next() < 0.2;
    const root = this.#begin(
      trace,
      random.pick(this.processes),
      undefined,
      this.now,
      lasts,
      hasStranger,
    );
    reals.push(root);
    for (let left = random.int(8); left > 0; left--) {
      const parent = random.pick(reals);
      const length = parent.endsAt - parent.beginsAt;
      const beginsAt = parent.beginsAt + random.int(length + 1);
      const own = random.next() < 0.1 ? random.int(8000) : random.int(length + 1);
      const process = random.next() < 0.5 ? parent.process : random.pick(this.processes);
      reals.push(this.#begin(trace, process, parent, beginsAt, own, false));
    }
    for (const real of reals) real.process.spans.push(real);
  }

  #begin(
    trace: string,
    process: Living,
    parent: Real | undefined,
    beginsAt: number,
    lasts: number,
    hasStranger: boolean,
  ): Real {
    this.#lastSpan += 1;
    const isFailed = this.random.next() < 0.05;
    const isFromHub = parent !== undefined && parent.process !== process;
    const from = parent?.process.source;
    const above = parent?.sent.spanId ?? (hasStranger ? spanId(0xfffff000 + this.#lastSpan) : "");
    const sent: SentSpan = {
      traceId: trace,
      spanId: spanId(this.#lastSpan),
      ...(above !== "" && { parentSpanId: above }),
      name: `span ${this.#lastSpan}`,
      kind: isFromHub || parent === undefined ? "server" : "internal",
      start: EPOCH + beginsAt,
      durationMs: lasts,
      status: isFailed ? "error" : "unset",
      tags: { ...(isFromHub && { "elpis.hub.from": `${from?.name}.${from?.index}` }) },
      ...{ events: [], links: [] },
    };
    const endsAt = beginsAt + lasts;
    return { sent, process, parent, beginsAt, endsAt, isAnnounced: false, isTold: false };
  }

  #kill(): void {
    const process = this.random.pick(this.processes);
    this.deaths += 1;
    process.diedAt = this.now;
    const { name, index, epoch } = process.source;
    this.keeper.traces.processGone(process.source, at(this.now));
    this.processes.splice(this.processes.indexOf(process), 1);
    this.processes.push(this.#start(sourceOf(name, index, epoch + 1)));
  }

  /** Another one keeps traces from now on. */
  #reload(): void {
    const former = this.keeper;
    const next = new Kept(this.#options);
    const taken = former.traces.takeOut();
    for (const { id } of taken) this.relayed.add(id.text);
    let handed = 0;
    for (const { batch, spans } of parcelsOf(taken)) {
      const sources = next.traces.takeRelayed(JSON.parse(JSON.stringify(batch)), at(this.now));
      for (const source of sources) {
        const isAlive = this.processes.some((one) => one.source.pid === source.pid);
        if (!isAlive) next.traces.processGone(source, at(this.now));
      }
      handed += spans;
    }
    former.traces.handedOver(handed, 0);
    this.keepers.push(next);
  }

  #flush(process: Living): void {
    const spans: SentSpan[] = [];
    const open: OpenSpan[] = [];
    for (const real of process.spans) {
      if (!hasBegun(real)) continue;
      if (real.endsAt <= this.now && !real.isTold) {
        real.isTold = true;
        spans.push(real.sent);
      } else if (real.beginsAt + ANNOUNCE_MS <= this.now && !real.isAnnounced && !real.isTold) {
        real.isAnnounced = true;
        const { traceId, spanId, name, kind, start, tags, ...rest } = real.sent;
        const { parentSpanId } = rest;
        open.push({
          traceId,
          spanId,
          name,
          kind,
          start,
          tags,
          ...(parentSpanId && { parentSpanId }),
        });
      }
    }
    if (spans.length + open.length === 0) return;
    process.seq += 1;
    const batch = { seq: process.seq, spans, open, lost: 0 };
    const { source } = process;
    const arrivesAt = this.now + this.random.int(DELAY_MS);
    this.#ways.push({ source, batch, keeper: this.keeper, arrivesAt });
    if (this.#trouble.duplicates && this.random.next() < 0.2) {
      this.repeated += spans.length;
      this.#ways.push({
        source,
        batch,
        keeper: this.keeper,
        arrivesAt: arrivesAt + this.random.int(5000),
      });
    }
  }

  #deliver(): void {
    const due = this.#ways.filter(({ arrivesAt }) => arrivesAt <= this.now);
    this.#ways = this.#ways.filter(({ arrivesAt }) => arrivesAt > this.now);
    for (const { source, batch, keeper } of due) {
      const known = this.told.get(batch.spans[0]?.traceId ?? "");
      const isRepeated = known?.has(batch.spans[0]?.spanId ?? "") ?? false;
      // One that another keeper has taken already is told to nobody again.
      if (isRepeated && keeper !== this.keeper) continue;
      const { spans, ...others } = JSON.parse(JSON.stringify(batch));
      // Both ways in which spans may come are the same.
      const told = this.random.next() < 0.5 ? spans : packed(spans);
      this.keeper.traces.take(source, { ...others, spans: told }, at(this.now));
      for (const span of [...batch.spans, ...batch.open]) this.#note(span.traceId);
      for (const span of batch.spans) {
        const spans = this.told.get(span.traceId) ?? new Map<string, SentSpan>();
        this.told.set(span.traceId, spans.set(span.spanId, span));
      }
    }
  }

  #note(trace: string): void {
    const first = this.#firstKeeperOf.get(trace) ?? this.keeper;
    this.#firstKeeperOf.set(trace, first);
    if (first !== this.keeper && !this.relayed.has(trace)) this.split.add(trace);
  }
}
