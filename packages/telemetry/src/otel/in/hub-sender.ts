import type { Client } from "@elpis/api";
import { exporterClosed } from "../../errors.ts";
import { roughBytes } from "../../reporters/sizes.ts";

/** As the SDK has it: 0 for success. */
export interface OtelResult {
  readonly code: number;
  readonly error?: Error;
}

/** Of one event, so that none comes near what a message may have. */
const MAX_ITEMS = 200;
const MAX_BYTES = 256 * 1024;

/** Hands items over the hub to whoever listens, in events of a bounded size, and says how it went as the SDK wants it. */
export class HubSender {
  readonly #hub: Client;
  readonly #timeoutMs: number;
  readonly #running = new Set<Promise<void>>();
  #isClosed = false;

  constructor(hub: Client, timeoutMs = 5000) {
    this.#hub = hub;
    this.#timeoutMs = timeoutMs;
  }

  send(
    topic: string,
    field: string,
    done: (result: OtelResult) => void,
    make: () => readonly object[],
  ): void {
    if (this.#isClosed) return done({ code: 1, error: exporterClosed() });
    const run = this.#emit(topic, field, make).then(
      () => done({ code: 0 }),
      (error: unknown) => done({ code: 1, error: error as Error }),
    );
    const kept = run
      // What the callback of an SDK throws is not for whoever flushes.
      .catch(() => {})
      .finally(() => this.#running.delete(kept));
    this.#running.add(kept);
  }

  async #emit(topic: string, field: string, make: () => readonly object[]): Promise<void> {
    const items = make();
    const options = { absent: "wait", timeoutMs: this.#timeoutMs } as const;
    for (const part of partsOf(items)) {
      await this.#hub.emit(topic, { [field]: part }, options);
    }
  }

  async flush(): Promise<void> {
    await Promise.all(this.#running);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
  }
}

/** What is too large for a message alone is left out: it would take the others with it. */
function* partsOf(items: readonly object[]): Generator<readonly object[]> {
  let part: object[] = [];
  let bytes = 0;
  for (const item of items) {
    const own = roughBytes(item);
    if (own > MAX_BYTES) continue;
    if (part.length >= MAX_ITEMS || bytes + own > MAX_BYTES) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(item);
    bytes += own;
  }
  if (part.length > 0) yield part;
}
