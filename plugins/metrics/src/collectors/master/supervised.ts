import type { SupervisedProcess } from "@elpis/api";
import type { Collector, Sample } from "../collector.ts";
import { Grown } from "./grown.ts";

/** What the supervisor counts: restarts by cause, and how many instances are in which state. */
export class Supervised implements Collector {
  readonly #read: () => readonly SupervisedProcess[];
  readonly #grown = new Grown();

  constructor(read: () => readonly SupervisedProcess[]) {
    this.#read = read;
  }

  read(): readonly Sample[] {
    const processes = this.#read();
    this.#grown.begin();
    const states = new Map<string, { readonly tags: Record<string, string>; count: number }>();
    for (const { name, index, state, causes } of processes) {
      for (const [cause, count = 0] of Object.entries(causes)) {
        this.#grown.add("elpis.process.restarts", { process: name, cause }, String(index), count);
      }
      const key = `${name} ${state}`;
      const known = states.get(key) ?? { tags: { process: name, state }, count: 0 };
      known.count += 1;
      states.set(key, known);
    }
    return [
      ...this.#grown.samples(),
      ...[...states.values()].map(
        ({ tags, count }): Sample => ["elpis.process.instances", count, tags],
      ),
    ];
  }
}
