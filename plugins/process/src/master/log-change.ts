import type { Logger } from "@elpis/api";
import type { Slot } from "../family/slot.ts";
import type { InstanceState } from "../status.ts";
import { LineBudget } from "./line-budget.ts";

/** Says what a person wants to know of changes: one line for each restart, and what has failed for good. */
export class ChangeLog {
  readonly #log: Logger;
  readonly #budget: LineBudget;

  constructor(log: Logger) {
    this.#log = log;
    this.#budget = new LineBudget((left) => this.#summarize(left));
  }

  note(slot: Slot, previous: InstanceState): void {
    const { current, state, title } = slot;
    const { pid, record } = current;
    if (state === "backoff" && previous !== state) {
      if (!this.#budget.take("started again", title)) return;
      this.#log.warn(`${title} is started again: ${current.lastWords}`, { epoch: slot.nextEpoch });
    } else if (state === "failed" && previous !== state) {
      if (!this.#budget.take("failed", title)) return;
      this.#log.error(`${title} has failed: ${current.lastWords}`, { epoch: record.epoch });
    } else {
      this.#log.debug(`${title} is ${state}`, { previous, pid, epoch: record.epoch });
    }
  }

  /** Says at once what would be said in a moment. */
  close(): void {
    this.#budget.close();
  }

  #summarize(left: ReadonlyMap<string, ReadonlyMap<string, number>>): void {
    for (const [what, titles] of left) {
      const names = [...titles].map(([title, times]) =>
        times > 1 ? `${title} (${times}x)` : title,
      );
      const text = `too many to tell each: ${what}: ${names.join(", ")}`;
      if (what === "failed") this.#log.error(text);
      else this.#log.warn(text);
    }
  }
}
