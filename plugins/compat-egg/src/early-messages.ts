/** So many messages are kept for those who come later. */
const MAX_KEPT = 1000;

/** Hands a message to one peer; whether it has a listener there. */
export type Deliver = (id: number, action: string, data: unknown) => Promise<boolean>;

interface Kept {
  readonly action: string;
  readonly data: unknown;
  /** Peers that have it, or are about to. */
  readonly told: Set<number>;
}

/**
 * What is sent before the application has started: it goes to each who is there and listens, and again to each who comes
 * later, or listens later. Nobody gets a message twice.
 */
export class EarlyMessages {
  readonly #deliver: Deliver;
  #kept: Kept[] = [];

  constructor(deliver: Deliver) {
    this.#deliver = deliver;
  }

  get size(): number {
    return this.#kept.length;
  }

  /** Sends to those who are there; rejects when that fails. */
  async send(action: string, data: unknown, ids: readonly number[]): Promise<void> {
    const message: Kept = { action, data: copy(data), told: new Set() };
    if (this.#kept.length < MAX_KEPT) this.#kept.push(message);
    await Promise.all(ids.map((id) => this.#tell(message, id)));
  }

  /** Sends all of it, in order, to those who have not got it; rejects when that fails. */
  async replay(ids: readonly number[]): Promise<void> {
    await Promise.all(
      this.#kept.flatMap((message) =>
        ids.filter((id) => !message.told.has(id)).map((id) => this.#tell(message, id)),
      ),
    );
  }

  /** Nobody comes later any more. */
  clear(): void {
    this.#kept = [];
  }

  async #tell({ action, data, told }: Kept, id: number): Promise<void> {
    told.add(id);
    try {
      if (!(await this.#deliver(id, action, data))) told.delete(id);
    } catch (error) {
      told.delete(id);
      throw error;
    }
  }
}

/** Its owner may change it before it is sent again. What cannot be copied is left to the hub to refuse. */
function copy(data: unknown): unknown {
  try {
    return structuredClone(data);
  } catch {
    return data;
  }
}
