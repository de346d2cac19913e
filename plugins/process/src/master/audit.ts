import { appendFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { hasCode, type Logger } from "@elpis/api";
import type { OperationStatus } from "../status.ts";

const MAX_BYTES = 1024 * 1024;

/**
 * Writes down who has asked for what, and what came of it: one JSON object in each line of `audit.log` in the runtime
 * folder, which is put aside as `audit.log.1` at 1 MiB. What it cannot write it counts, and tells once.
 */
export class AuditTrail {
  readonly #file: string;
  readonly #log: Logger;
  #lost = 0;

  constructor(dir: string, log: Logger) {
    this.#file = join(dir, "audit.log");
    this.#log = log;
  }

  /** An operation is over. */
  note(operation: OperationStatus, error: Error | undefined): void {
    const { name, processes, by, since } = operation;
    const code = hasCode(error) ? error.code : undefined;
    const outcome = error === undefined ? "done" : "failed";
    const tookMs = Date.now() - since;
    // Behind the first line stand words of the application.
    const why = error?.message.split("\n", 1)[0];
    this.write({ operation: name, processes, by, outcome, tookMs, code, error: why });
  }

  /** Something else that somebody has done, such as to send a signal. */
  write(entry: Readonly<Record<string, unknown>>): void {
    const line = JSON.stringify({ time: new Date().toISOString(), ...entry });
    try {
      this.#rollOver();
      appendFileSync(this.#file, `${line}\n`, { mode: 0o600 });
    } catch (error) {
      this.#lost += 1;
      const fields = { file: this.#file, error: String(error), lost: this.#lost };
      if (this.#lost === 1) this.#log.error("the audit trail cannot be written", fields);
      else this.#log.debug("the audit trail cannot be written", fields);
    }
  }

  #rollOver(): void {
    const size = statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
    if (size > MAX_BYTES) renameSync(this.#file, `${this.#file}.1`);
  }
}
