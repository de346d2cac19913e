import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";

/** Finds the address of a host, each time anew. */
export class HostLookup {
  readonly #host: string;
  readonly #lookup: (host: string) => Promise<LookupAddress>;
  #pending: Promise<LookupAddress> | undefined;

  constructor(host: string, find: (host: string) => Promise<LookupAddress> = lookup) {
    this.#host = host;
    this.#lookup = find;
  }

  /** One that nobody answers blocks a thread for long: whoever comes meanwhile waits for the same one. */
  find(): Promise<LookupAddress> {
    this.#pending ??= this.#lookup(this.#host).finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }
}
