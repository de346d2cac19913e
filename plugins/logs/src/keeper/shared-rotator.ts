import type { LogFields, Logger } from "@elpis/api";
import type { Question } from "../shared/edges.ts";
import { SharedFiles } from "../shared/shared-files.ts";
import type { Answers } from "../shared/state.ts";
import type { FromKeeper, LogLevel } from "./messages.ts";

/** Puts aside what processes write themselves. Writers are asked by way of the master, which has the hub. */
export class SharedRotator {
  readonly files: SharedFiles;
  readonly #questions = new Map<number, { ask: Question; resolve: (answers: Answers) => void }>();
  #count = 0;

  constructor(tell: (message: FromKeeper) => void) {
    this.files = new SharedFiles({
      log: loggerOver(tell),
      ask: (ask) => {
        this.#count += 1;
        const question = this.#count;
        return new Promise((resolve) => {
          this.#questions.set(question, { ask, resolve });
          tell({ type: "question", question, ask });
        });
      },
    });
  }

  answered(question: number, answers: Answers): void {
    this.#questions.get(question)?.resolve(answers);
    this.#questions.delete(question);
  }

  /** Waits for what is under way, but for no writer: who would tell of them may be gone. */
  async close(): Promise<void> {
    const closed = this.files.close();
    for (const { ask, resolve } of this.#questions.values())
      resolve({ answered: [], missing: [...ask.writers], gone: [] });
    this.#questions.clear();
    await closed;
  }
}

function loggerOver(tell: (message: FromKeeper) => void, own: LogFields = {}): Logger {
  const say = (level: LogLevel) => (text: string, fields?: LogFields) =>
    tell({ type: "log", level, text, fields: { ...own, ...fields } });
  return {
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    child: (fields) => loggerOver(tell, { ...own, ...fields }),
  };
}
