import { type Logger, toText } from "@elpis/api";
import type { Tale } from "./acts.ts";
import { type SharedPolicy, showPolicy } from "./policy.ts";

const TEXTS: Readonly<Record<Tale, string>> = {
  "policies-differ":
    "A log is wanted to be rotated differently by its writers; of each rule the strictest is kept",
  silent: "Nothing was heard of a writer of a log for minutes; it does not count any more",
  "not-held":
    "A writer of a log did not stop in time, so the file was not emptied; it is tried again",
};

/** What a person is told about one file that several processes write: each thing once, until it has changed. */
export class Tales {
  readonly #path: string;
  readonly #log: Logger;
  readonly #told = new Set<string>();
  /** What does not work now. */
  readonly #failing = new Set<string>();

  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  tell(
    what: Tale,
    writers: readonly string[],
    wantedOf: (writer: string) => SharedPolicy | undefined,
  ): void {
    const wanted = what === "policies-differ" ? writers.map((id) => wantedOf(id)) : [];
    const policies = [...new Set(wanted.map((one) => (one === undefined ? "" : showPolicy(one))))];
    const key = `${what} ${policies.sort().join(" | ")}`;
    if (what === "policies-differ" && this.#told.has(key)) return;
    this.#told.add(key);
    const fields = { path: this.#path, writers, ...(policies.length > 0 && { policies }) };
    this.#log.warn(TEXTS[what], fields);
  }

  /** @param what is tried */
  failed(what: string, error: unknown): void {
    if (this.#failing.has(what)) return;
    this.#failing.add(what);
    const reason = error instanceof Error ? error.message : toText(error);
    const fields = { path: this.#path, step: what, reason };
    this.#log.error("A log cannot be rotated; it is written on, and it is tried again", fields);
  }

  /** It works, or works again. */
  went(what: string): void {
    if (!this.#failing.delete(what)) return;
    this.#log.info("A log can be rotated again", { path: this.#path, step: what });
  }
}
