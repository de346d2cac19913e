import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "@elpis/api";
import { writeAtomically } from "./atomic-file.ts";

/** So many are noted as given away at a time. */
const BLOCK = 10_000;
/** So many for each millisecond since 1970: more than will ever be given away in one. */
const PER_MS = 1000;
const FILE = "tokens.json";

/**
 * Numbers that only grow, also across restarts: before one of a block is given away, its end is on disk. Where the file is
 * gone, as after a restart of a machine that keeps it in memory, they begin behind all that the time since 1970
 * has room for; so they are larger than before even then, unless the clock was set back too.
 */
export class TokenFile {
  readonly #file: string | undefined;
  readonly #log: Logger;
  #next: number;
  #limit: number;
  #reserving: Promise<void> | undefined;

  private constructor(file: string | undefined, next: number, log: Logger) {
    this.#file = file;
    this.#log = log;
    this.#next = next;
    this.#limit = next;
  }

  /** @param dir undefined: nothing is kept */
  static async open(dir: string | undefined, wallMs: number, log: Logger): Promise<TokenFile> {
    const file = dir === undefined ? undefined : join(dir, FILE);
    const byTime = Math.min(Math.floor(wallMs * PER_MS), Math.floor(Number.MAX_SAFE_INTEGER / 2));
    const reserved = file === undefined ? 0 : readReserved(file, log);
    const tokens = new TokenFile(file, Math.max(byTime, reserved), log);
    await tokens.#reserve();
    return tokens;
  }

  /** Undefined: for a moment there is none, as the next block is not on disk yet. */
  take(): number | undefined {
    if (this.#limit - this.#next < BLOCK / 2) void this.#reserve();
    if (this.#next >= this.#limit) return undefined;
    const token = this.#next;
    this.#next += 1;
    return token;
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.#reserving;
  }

  #reserve(): Promise<void> {
    this.#reserving ??= this.#write(this.#next + BLOCK).finally(() => {
      this.#reserving = undefined;
    });
    return this.#reserving;
  }

  async #write(limit: number): Promise<void> {
    if (this.#file !== undefined) {
      try {
        await writeAtomically(this.#file, `${JSON.stringify({ reserved: limit })}\n`);
      } catch (error) {
        // The next master begins behind these all the same, by what time it is.
        this.#log.error("the tokens of tasks cannot be written down", { error: String(error) });
      }
    }
    this.#limit = Math.max(this.#limit, limit);
  }
}

function readReserved(file: string, log: Logger): number {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
  try {
    const { reserved } = JSON.parse(text) as { reserved?: unknown };
    if (Number.isSafeInteger(reserved)) return reserved as number;
  } catch {
    // Said below.
  }
  log.error("the file with the tokens of tasks makes no sense, they go on by what time it is", {
    file,
  });
  return 0;
}
