import type { HistogramPoint } from "@elpis/api";
import type { Item } from "./item.ts";

interface Sent {
  readonly timestamp: number;
  /** Whose series it is. */
  readonly owner: string;
}

/** How many steps a series is remembered after its last point. */
const KEPT_STEPS = 10;

/** What was sent last, so that no series gets a second point in a step, and no name is of two series. */
export class Memory {
  readonly #sent = new Map<string, Sent>();
  readonly #histograms = new Map<string, HistogramPoint>();
  readonly #keptSeconds: number;
  #prunedAt = 0;

  constructor(stepSeconds: number) {
    this.#keptSeconds = stepSeconds * KEPT_STEPS;
  }

  /** The same histogram, as it was sent last. */
  before(owner: string): HistogramPoint | undefined {
    return this.#histograms.get(owner);
  }

  /** Begins a batch. What it claims is kept by `commit` only. */
  plan(): Plan {
    return new Plan(this.#sent, this.#keptSeconds, (sent, histograms) => {
      for (const [series, one] of sent) this.#sent.set(series, one);
      for (const [owner, point] of histograms) this.#histograms.set(owner, point);
      this.#prune(Math.max(0, ...[...sent.values()].map(({ timestamp }) => timestamp)));
    });
  }

  #prune(now: number): void {
    if (now - this.#prunedAt < this.#keptSeconds) return;
    this.#prunedAt = now;
    for (const [series, { timestamp }] of this.#sent) {
      if (now - timestamp > this.#keptSeconds) this.#sent.delete(series);
    }
    for (const [owner, { time }] of this.#histograms) {
      if (now - time / 1000 > this.#keptSeconds) this.#histograms.delete(owner);
    }
  }
}

type Commit = (
  sent: ReadonlyMap<string, Sent>,
  histograms: ReadonlyMap<string, HistogramPoint>,
) => void;

/** What one batch is about to send. */
export class Plan {
  readonly #known: ReadonlyMap<string, Sent>;
  readonly #keptSeconds: number;
  readonly #commit: Commit;
  readonly #sent = new Map<string, Sent>();
  readonly #histograms = new Map<string, HistogramPoint>();

  constructor(known: ReadonlyMap<string, Sent>, keptSeconds: number, commit: Commit) {
    this.#known = known;
    this.#keptSeconds = keptSeconds;
    this.#commit = commit;
  }

  /** Why the server would drop an item, which it tells nobody; undefined: it is the series' first in its step. */
  claim({ metric, tags, timestamp }: Item, owner: string): string | undefined {
    const series = `${metric}/${tags}`;
    const last = this.#sent.get(series) ?? this.#known.get(series);
    if (last !== undefined && timestamp - last.timestamp <= this.#keptSeconds) {
      if (last.owner !== owner) return "another series has the same name";
      if (timestamp === last.timestamp) return "the series has a point in this step already";
      if (timestamp < last.timestamp) return "the series has a later point already";
    }
    this.#sent.set(series, { timestamp, owner });
    return undefined;
  }

  /** Remembers a histogram for the next step. */
  keep(owner: string, point: HistogramPoint): void {
    this.#histograms.set(owner, point);
  }

  /** The batch was sent, or may have been. */
  commit(): void {
    this.#commit(this.#sent, this.#histograms);
  }
}
