import { isSamePolicy, type SharedPolicy, strictest } from "./policy.ts";
import { SILENT_MS } from "./times.ts";

interface Writer {
  wanted: SharedPolicy;
  heardMs: number;
}

/** The processes that write one file, and what they want. */
export class Writers {
  readonly #byId = new Map<string, Writer>();

  get size(): number {
    return this.#byId.size;
  }

  get ids(): string[] {
    return [...this.#byId.keys()];
  }

  /** What is done, of all that they want; undefined when there is none. */
  get policy(): SharedPolicy | undefined {
    const wanted = [...this.#byId.values()].map((one) => one.wanted);
    return wanted.length === 0 ? undefined : strictest(wanted);
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** @returns others that want something else, when that is news */
  add(id: string, wanted: SharedPolicy, nowMs: number): string[] {
    const known = this.#byId.get(id);
    this.#byId.set(id, { wanted, heardMs: nowMs });
    if (known !== undefined && isSamePolicy(known.wanted, wanted)) return [];
    return this.ids.filter((other) => !isSamePolicy(this.#wantedOf(other), wanted));
  }

  heard(ids: readonly string[], nowMs: number): void {
    for (const id of ids) {
      const writer = this.#byId.get(id);
      if (writer !== undefined) writer.heardMs = nowMs;
    }
  }

  remove(id: string): void {
    this.#byId.delete(id);
  }

  /** Those of which nothing was heard for too long; they are not among them any more. */
  removeSilent(nowMs: number): string[] {
    const silent = this.ids.filter((id) => nowMs - this.#heardMsOf(id) > SILENT_MS);
    for (const id of silent) this.#byId.delete(id);
    return silent;
  }

  wantedOf(id: string): SharedPolicy | undefined {
    return this.#byId.get(id)?.wanted;
  }

  #wantedOf(id: string): SharedPolicy {
    return (this.#byId.get(id) as Writer).wanted;
  }

  #heardMsOf(id: string): number {
    return (this.#byId.get(id) as Writer).heardMs;
  }
}
