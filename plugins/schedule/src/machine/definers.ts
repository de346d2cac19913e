import type { TaskOptions } from "../contract.ts";

/** The processes that define a task in code, and what each of them says. */
export class Definers {
  readonly #all = new Map<
    number,
    { readonly name: string; readonly since: number; readonly options: TaskOptions }
  >();

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  /** What the process says that was started last: during a reload, the new version. */
  get options(): TaskOptions | undefined {
    const [latest] = [...this.#all.values()].sort((one, other) => other.since - one.since);
    return latest?.options;
  }

  /** Names of the processes. */
  get names(): readonly string[] {
    return [...new Set([...this.#all.values()].map(({ name }) => name))];
  }

  set(peerId: number, name: string, since: number, options: TaskOptions): void {
    this.#all.set(peerId, { name, since, options });
  }

  delete(peerId: number): boolean {
    return this.#all.delete(peerId);
  }
}
