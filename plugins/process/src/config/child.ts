import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ElpisError, type ErrorData } from "@elpis/api";
import { configLoadFailed, evaluatorMissing } from "../errors.ts";
import type { Explanation } from "./explain.ts";
import { loaderArguments } from "./loader-arguments.ts";
import type { LoadOptions, ReadOptions } from "./options.ts";
import type { AppDefinition } from "./types.ts";

const TIMEOUT_MS = 30_000;
const QUOTED_LINES = 20;
const MAX_SAID = 64 * 1024;

/** What the child may be asked for. */
export interface Answers {
  readonly definition: { readonly definition: AppDefinition; readonly notes: readonly string[] };
  readonly explanation: { readonly explanation: Explanation; readonly notes: readonly string[] };
}

/** What goes to the child. */
export interface ChildQuestion {
  readonly ask: keyof Answers;
  readonly options: ReadOptions;
}

/** What comes back. */
export type ChildAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: ErrorData };

/**
 * Evaluates a configuration in a child that is thrown away. What it writes is passed on to stderr when all is well, and
 * stands in the error when not.
 *
 * @throws ELPIS_CONFIG_LOAD_FAILED, and what the child says is wrong
 */
export async function askChild<Ask extends keyof Answers>(
  ask: Ask,
  { timeoutMs = TIMEOUT_MS, signal, ...options }: LoadOptions,
): Promise<Answers[Ask]> {
  const { path = ".", cwd = process.cwd(), name, scale, dev, sources } = options;
  const given = { path, cwd, name, scale, dev, sources };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  const question: ChildQuestion = { ask, options: Object.fromEntries(set) };
  const answer = await new Question(question, resolve(cwd, path)).run(timeoutMs, signal);
  return answer as Answers[Ask];
}

/** One child, from its start to its end. */
class Question {
  readonly #question: ChildQuestion;
  readonly #target: string;
  #child: ChildProcess | undefined;
  #said = "";
  readonly #kill = (): void => void this.#child?.kill("SIGKILL");

  constructor(question: ChildQuestion, target: string) {
    this.#question = question;
    this.#target = target;
  }

  async run(timeoutMs: number, signal: AbortSignal | undefined): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    // Whoever ends while it waits must not leave a child behind that may never end by itself.
    process.once("exit", this.#kill);
    signal?.addEventListener("abort", this.#kill);
    try {
      signal?.throwIfAborted();
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(this.#failed(`it took longer than ${timeoutMs} ms`)),
          timeoutMs,
        );
      });
      const answer = await Promise.race([this.#ask(), late]);
      if (!answer.ok) throw this.#rebuilt(answer.error);
      if (this.#said !== "") process.stderr.write(this.#said);
      return answer.value;
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
      this.#kill();
      process.off("exit", this.#kill);
      signal?.removeEventListener("abort", this.#kill);
    }
  }

  #ask(): Promise<ChildAnswer> {
    const child = spawn(process.execPath, [...loaderArguments(process.execArgv), evaluatorFile()], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // Unlike JSON it knows what is not there from what is undefined, and dates.
      serialization: "advanced",
      windowsHide: true,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#said = (this.#said + text).slice(-MAX_SAID);
      });
    }
    return new Promise((done, reject) => {
      let answer: ChildAnswer | undefined;
      child.once("error", (error) => reject(this.#failed(error.message)));
      child.once("message", (message) => {
        answer = message as ChildAnswer;
      });
      // Only now everything that it wrote has been read.
      child.once("close", (code, killed) => {
        if (answer !== undefined) return done(answer);
        const how = killed === null ? `exit code ${code}` : killed;
        reject(this.#failed(`its evaluation ended before it was done (${how})`));
      });
      child.send(this.#question, (error) => {
        // The end of the child says more.
        if (error !== null && child.pid === undefined) reject(this.#failed(error.message));
      });
    });
  }

  #failed(why: string): ElpisError {
    return configLoadFailed(this.#target, new Error(why), this.#lastLines());
  }

  #rebuilt(data: ErrorData): ElpisError {
    const file = data.details?.file;
    if (data.code === "ELPIS_CONFIG_LOAD_FAILED" && typeof file === "string") {
      return configLoadFailed(file, toError(data.cause ?? data), this.#lastLines());
    }
    return toError(data) as ElpisError;
  }

  #lastLines(): readonly string[] {
    const lines = this.#said.split("\n").filter((line) => line.trim() !== "");
    return lines.slice(-QUOTED_LINES);
  }
}

function toError(data: ErrorData): Error {
  const cause = data.cause === undefined ? undefined : toError(data.cause);
  const error =
    data.code?.startsWith("ELPIS_") === true
      ? new ElpisError(data.code, data.message, {
          ...(cause !== undefined && { cause }),
          ...(data.details !== undefined && { details: data.details }),
          ...(data.retryable === true && { retryable: true }),
        })
      : new Error(data.message, cause === undefined ? undefined : { cause });
  error.name = data.name;
  // Where it was thrown in the configuration, not where it was put together again.
  if (data.stack !== undefined) error.stack = data.stack;
  return error;
}

/** The built file, whether this runs from `src/` (tests) or from `dist/`. */
function evaluatorFile(): string {
  const places = ["./evaluator.js", "../../dist/evaluator.js"].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  const found = places.find((file) => existsSync(file));
  if (found === undefined) throw evaluatorMissing(places);
  return found;
}
