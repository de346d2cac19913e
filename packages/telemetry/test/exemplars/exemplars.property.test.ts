import fc from "fast-check";
import { expect, test } from "vitest";
import { rangeOf } from "../../src/exemplars/exemplar.ts";
import { RecordedExemplars } from "../../src/exemplars/recorded.ts";
import {
  type Aggregator,
  createAggregator,
  createStore,
  type Point,
  type PointReader,
} from "../../src/index.ts";
import { deltaMaker } from "../support/network.ts";
import { FakeTracer, numberOf, traceOf } from "../support/traces.ts";

const numRuns = Number(process.env.ELPIS_PROPERTY_RUNS ?? 200);

const value = fc.oneof(
  fc.double({ min: 0, max: 4, noNaN: true }),
  fc.integer({ min: -20, max: 20 }).map((power) => 4 ** power),
);

test("of each interval the slowest of its four highest ranges are collected, each once", () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ value, sampled: fc.boolean() }) },
    fc.constant("collect" as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const tracer = new FakeTracer();
      const exemplars = new RecordedExemplars({ now: () => 0, wallTime: () => 0 });
      /** The slowest of each range since the last collection. */
      let slowest = new Map<number, number>();
      for (const one of [...steps, "collect" as const]) {
        if (one !== "collect") {
          tracer.current = traceOf(1, one.sampled);
          exemplars.record(one.value);
          const range = rangeOf(one.value);
          if (one.sampled) {
            slowest.set(range, Math.max(one.value, slowest.get(range) ?? 0));
          }
          continue;
        }
        const expected = [...slowest].sort(([a], [b]) => b - a).slice(0, 4);
        const values = exemplars.collect().map(([, collected]) => collected);
        expect(values.sort((a, b) => b - a)).toEqual(expected.map(([, kept]) => kept));
        expect(exemplars.read().length).toBeLessThanOrEqual(4);
        slowest = new Map();
      }
    }),
    { numRuns },
  );
});

/** What is told through an agent that comes and goes, by a way that loses and doubles. */
class Way {
  readonly #maker = deltaMaker("run", createStore({ run: "run", now: () => 0, wallTime: () => 0 }));
  readonly #tracer = new FakeTracer();
  readonly #values = new Map<number, number>();
  readonly #told = new Set<number>();
  #agent: Aggregator = createAggregator();
  #reader: PointReader = this.#newReader();
  #isTaken = false;
  #isWhole = true;

  #newReader(): PointReader {
    return this.#agent.createReader({ temporality: "delta" });
  }

  record(own: number): void {
    const trace = this.#values.size + 1;
    this.#values.set(trace, own);
    this.#tracer.current = traceOf(trace);
    this.#maker.store.histogram("times").record(own);
  }

  send(fate: "well" | "lost" | "doubled"): void {
    const full = !this.#isWhole;
    this.#isWhole = true;
    const delta = this.#maker.next({ ...(full && { full }), carried: this.#isTaken });
    for (const [, , , , , , , , exemplars = []] of delta.histograms) {
      expect(exemplars.length).toBeLessThanOrEqual(4);
    }
    if (fate === "lost") return;
    for (let times = fate === "doubled" ? 2 : 1; times > 0; times--) {
      const from = { app: "shop", name: "web", index: 0, epoch: 1 };
      if (this.#agent.take(from, delta) === "taken") this.#isTaken = true;
      else this.#isWhole = false;
    }
  }

  restart(how: "final" | "killed" | "forgotten"): void {
    const snapshot = structuredClone(this.#agent.snapshot(how === "final"));
    this.read();
    this.#agent = createAggregator(how === "forgotten" ? {} : { restore: snapshot });
    this.#reader = this.#newReader();
  }

  read(): void {
    for (const trace of this.#traces(this.#reader.read())) {
      expect(this.#told).not.toContain(trace);
      this.#told.add(trace);
    }
    for (const scope of ["process", "name", "app"] as const) {
      const all = this.#traces(this.#agent.readPoints({ scope }));
      expect(new Set(all).size).toBe(all.length);
    }
  }

  #traces(points: readonly Point[]): number[] {
    return points.flatMap((point) => {
      const { exemplars = [] } = point.kind === "histogram" ? point : {};
      expect(exemplars.length).toBeLessThanOrEqual(8);
      return exemplars.map(({ tags, value: own }) => {
        const trace = numberOf(tags.trace_id);
        expect(own).toBe(this.#values.get(trace));
        return trace;
      });
    });
  }

  /** Once nothing goes wrong any more, the slowest of all is told. */
  end(): void {
    this.send("well");
    this.send("well");
    this.read();
    this.record(4 ** 22);
    this.send("well");
    this.read();
    expect(this.#told).toContain(this.#values.size);
  }
}

test("a reader of deltas is told each at most once, and what it is told is true", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: value },
    { weight: 3, arbitrary: fc.constantFrom("well", "lost", "doubled") },
    { weight: 2, arbitrary: fc.constant("read" as const) },
    { weight: 1, arbitrary: fc.constantFrom("final", "killed", "forgotten") },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const way = new Way();
      for (const one of steps) {
        if (typeof one === "number") way.record(one);
        else if (one === "read") way.read();
        else if (one === "well" || one === "lost" || one === "doubled") way.send(one);
        else way.restart(one);
      }
      way.end();
    }),
    { numRuns },
  );
});
