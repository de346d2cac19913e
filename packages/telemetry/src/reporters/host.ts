import { hostname } from "node:os";
import type { AddedReporter, Off, Reporters, ReporterTest, Signal } from "@elpis/api";
import { systemClock } from "../delta/clock.ts";
import { unknownReporter } from "../errors.ts";
import type { ReporterHost, ReporterHostOptions } from "./contract.ts";
import { Line } from "./line.ts";

type Wish = Exclude<Signal, "metrics">;

class Host implements ReporterHost {
  readonly #options: ReporterHostOptions;
  readonly #lines = new Set<Line>();
  readonly #wanted = new Set<Signal>();
  readonly #waiting = new Map<Wish, Set<() => void>>();
  readonly #run = Math.random().toString(36).slice(2, 10);
  #ids = 0;
  #isClosed = false;

  constructor(options: ReporterHostOptions) {
    this.#options = options;
  }

  add(reporter: AddedReporter): () => Promise<void> {
    if (this.#isClosed) return async () => {};
    const { clock = systemClock, random = Math.random, phase = random } = this.#options;
    const line = new Line(reporter, {
      ...this.#options,
      ...{ clock, random, phase },
      resource: { "host.name": hostname(), ...this.#options.resource },
      nextId: () => `${this.#run}-${reporter.name}-${++this.#ids}`,
      onOpen: ({ signals }) => this.#want(signals),
    });
    this.#lines.add(line);
    return async () => {
      await line.close();
      this.#lines.delete(line);
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const lines = [...this.#lines];
    await Promise.all(lines.map((line) => line.close()));
    this.#lines.clear();
  }

  take(happened: Parameters<Reporters["take"]>[0]): void {
    for (const line of this.#lines) line.take(happened);
  }

  status(): ReturnType<Reporters["status"]> {
    return [...this.#lines].map((line) => line.status());
  }

  async test(name: string): Promise<ReporterTest> {
    const line = [...this.#lines].find((one) => one.name === name);
    if (line === undefined) {
      const known = [...this.#lines].map((one) => one.name);
      throw unknownReporter(name, known);
    }
    const { resource = {} } = this.#options;
    return line.test({ app: String(resource["service.name"] ?? "elpis"), name: "elpis" });
  }

  onWanted(signal: Wish, task: () => void): Off {
    if (this.#wanted.has(signal)) task();
    else {
      const tasks = this.#waiting.get(signal) ?? new Set();
      this.#waiting.set(signal, tasks.add(task));
    }
    return () => void this.#waiting.get(signal)?.delete(task);
  }

  #want(signals: readonly Signal[]): void {
    for (const signal of signals) {
      this.#wanted.add(signal);
      if (signal === "metrics") continue;
      const tasks = this.#waiting.get(signal) ?? [];
      this.#waiting.delete(signal);
      for (const task of tasks) task();
    }
  }
}

/**
 * Makes what runs reporters: each has a queue, a pace, and pauses of its own, so that one that is slow, fails or hangs costs
 * the others nothing.
 *
 * @example
 * const host = createReporterHost({ createReader: (options) => aggregator.createReader(options), log });
 */
export function createReporterHost(options: ReporterHostOptions): ReporterHost {
  return new Host(options);
}
