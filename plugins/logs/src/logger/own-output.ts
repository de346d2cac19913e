import type { ElpisError } from "@elpis/api";
import type { Appended } from "../files/append-file.ts";
import { Housekeeping } from "../files/housekeeping.ts";
import { LogOutput } from "../files/log-output.ts";
import { recover } from "../files/recover.ts";
import { spanOf } from "../files/spans.ts";
import { Trouble } from "../files/trouble.ts";
import type { RotationPolicy } from "../files/types.ts";
import { rotationFailed } from "./errors.ts";
import type { Output } from "./output.ts";

/** What an {@link OwnOutput} needs. */
export interface OwnOutputOptions {
  readonly path: string;
  readonly policy: RotationPolicy;
  readonly onTrouble: (error: ElpisError) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A file that nobody else writes: this process puts it aside itself. */
export class OwnOutput implements Output {
  readonly #options: OwnOutputOptions;
  readonly #output: LogOutput;
  readonly #housekeeping: Housekeeping;
  readonly #trouble: Trouble;
  #isRecovered = false;
  #second = Number.NaN;
  #span: number | undefined;

  constructor(options: OwnOutputOptions) {
    const { path, policy: rotation, now, onTrouble } = options;
    this.#options = options;
    const troubles = new Trouble({ onTrouble: (error) => onTrouble(rotationFailed(path, error)) });
    this.#trouble = troubles;
    this.#housekeeping = new Housekeeping({ path, rotation, now, troubles });
    this.#output = new LogOutput({
      path,
      rotation,
      now,
      fileMode: 0o600,
      dirMode: 0o700,
      onRotated: () => {
        troubles.worked("rotation");
        this.#housekeeping.begin();
      },
      onRotationFailed: (error) => troubles.failed("rotation", error),
    });
  }

  async append(bytes: Buffer): Promise<Appended> {
    if (!this.#isRecovered) await this.#recover();
    // Lines of one span are not written to the file of the next.
    if (this.#isNewSpan()) await this.#output.look(this.#options.now());
    return await this.#output.append(bytes);
  }

  async look(): Promise<void> {
    if (!this.#isRecovered) await this.#recover();
    await this.#output.look(this.#options.now());
    this.#housekeeping.tick();
  }

  async reopen(): Promise<void> {
    await this.#output.reopen();
  }

  async close(): Promise<void> {
    await this.#output.close();
    await this.#housekeeping.close();
  }

  /** Once, before the first line: what an earlier run has left in the middle of a rotation. */
  async #recover(): Promise<void> {
    this.#isRecovered = true;
    const { path } = this.#options;
    await recover(path).catch((error: unknown) => this.#trouble.failed("rotation", error));
    // Also makes the file.
    await this.#output.reopen();
    this.#housekeeping.begin();
  }

  #isNewSpan(): boolean {
    const { policy, now } = this.#options;
    const second = Math.floor(now() / 1000);
    if (policy.every === undefined || second === this.#second) return false;
    this.#second = second;
    const span = spanOf(policy.every, now());
    const isNew = this.#span !== undefined && span !== this.#span;
    this.#span = span;
    return isNew;
  }
}
