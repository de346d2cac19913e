import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ElpisError, type ErrorData, type KeptLine, type Logger } from "@elpis/api";
import { keeperGone, keeperMissing } from "../errors.ts";
import type { Ask, AskAnswers, AskOf, FromKeeper, KeepPlan, ToKeeper } from "../keeper/messages.ts";

const MIN_PAUSE_MS = 50;
const MAX_PAUSE_MS = 5000;
/** One that has lived so long is started again at once. */
const STABLE_MS = 10_000;
const ANSWER_MS = 10_000;
const CLOSE_MS = 5000;
/** Lines of processes that are read elsewhere, kept while there is no keeper. */
const MAX_WAITING_LINES = 10_000;

/** Who is told what the keeper says. */
export interface KeeperListener {
  /** A keeper is there, and has its plan. */
  onUp(): void;
  /** It is gone; another one will come. */
  onDown(): void;
  onMessage(message: FromKeeper): void;
}

interface OpenCall {
  readonly resolve: (value: AskAnswers[Ask["verb"]]) => void;
  readonly reject: (error: Error) => void;
}

/** The keeper: a process beside the master, so that what others print costs the master nothing. Started anew when it dies. */
export class KeeperProcess {
  readonly #plan: KeepPlan;
  readonly #log: Logger;
  readonly #listener: KeeperListener;
  readonly #waitingForUp = new Set<() => void>();
  readonly #calls = new Map<number, OpenCall>();
  #child: ChildProcess | undefined;
  #isUp = false;
  #isClosing = false;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = MIN_PAUSE_MS;
  #waiting: KeptLine[] = [];
  #lost = 0;
  #call = 0;

  constructor(plan: KeepPlan, log: Logger, listener: KeeperListener) {
    this.#plan = plan;
    this.#log = log;
    this.#listener = listener;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Lines that were read elsewhere, and lost because there was no keeper for too long. */
  get lost(): number {
    return this.#lost;
  }

  /** Starts one if there is none; resolves when it is there. @throws ELPIS_LOGS_KEEPER_GONE when it does not come */
  async whenUp(): Promise<void> {
    if (this.#isUp) return;
    if (this.#child === undefined && this.#timer === undefined) this.start();
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waitingForUp.add(resolve);
        timer = setTimeout(() => reject(keeperGone("come up")), ANSWER_MS);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  start(): void {
    this.#timer = undefined;
    const bornMs = performance.now();
    const child = spawn(process.execPath, [keeperFile()], {
      // What it has to say of itself is said where the master says it.
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      // It ends with the channel, and not because a terminal or a service manager signals a whole group.
      detached: process.platform !== "win32",
      windowsHide: true,
      // Two cannot have one debugger's port.
      env: { ...process.env, NODE_OPTIONS: undefined },
    });
    this.#child = child;
    child.on("message", (message) => this.#onMessage(message as FromKeeper));
    child.once("error", (error) => this.#onEnd(child, bornMs, error.message));
    child.once("exit", (code, signal) =>
      this.#onEnd(child, bornMs, `it ended with ${signal ?? code}`),
    );
    this.#tell({ type: "plan", plan: this.#plan });
  }

  /** Nothing happens when there is no keeper: the next one is told everything anew. */
  send(message: ToKeeper): void {
    if (this.#isUp) this.#tell(message);
  }

  write(line: KeptLine): void {
    if (this.#waiting.length >= MAX_WAITING_LINES) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push(line);
    // Lines of one turn go over together.
    if (this.#waiting.length === 1) setImmediate(() => this.#flush());
  }

  /** @throws ELPIS_LOGS_KEEPER_GONE when there is no keeper, or it does not answer; and what it says itself */
  async call<Verb extends Ask["verb"]>(ask: AskOf<Verb>): Promise<AskAnswers[Verb]> {
    await this.whenUp();
    this.#call += 1;
    const call = this.#call;
    let timer: NodeJS.Timeout | undefined;
    try {
      return (await new Promise<unknown>((resolve, reject) => {
        timer = setTimeout(() => reject(keeperGone(ask.verb)), ANSWER_MS);
        this.#calls.set(call, { resolve, reject });
        this.#tell({ type: "call", call, ask });
      })) as AskAnswers[Verb];
    } finally {
      clearTimeout(timer);
      this.#calls.delete(call);
    }
  }

  /** Resolves when all that it has is written, or cannot be, and it is gone. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    this.#flush();
    this.#tell({ type: "close" });
    const timer = setTimeout(() => child.kill("SIGKILL"), CLOSE_MS);
    await gone;
    clearTimeout(timer);
  }

  #flush(): void {
    if (!this.#isUp || this.#waiting.length === 0) return;
    const lines = this.#waiting;
    this.#waiting = [];
    this.#tell({ type: "lines", lines });
  }

  #tell(message: ToKeeper): void {
    const child = this.#child;
    if (child?.connected !== true) return;
    // One that is gone in this very moment: the next one is told anew.
    child.send(message, undefined, undefined, () => {});
  }

  #onMessage(message: FromKeeper): void {
    if (message.type === "up") {
      this.#isUp = true;
      for (const resolve of this.#waitingForUp) resolve();
      this.#waitingForUp.clear();
      this.#listener.onUp();
      this.#flush();
    } else if (message.type === "answer") {
      this.#calls.get(message.call)?.resolve(message.value);
    } else if (message.type === "failed") {
      this.#calls.get(message.call)?.reject(errorOf(message.error));
    } else {
      this.#listener.onMessage(message);
    }
  }

  #onEnd(child: ChildProcess, bornMs: number, reason: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#isUp = false;
    for (const { reject } of [...this.#calls.values()]) reject(keeperGone("answer"));
    if (this.#isClosing) return;
    this.#listener.onDown();
    if (performance.now() - bornMs > STABLE_MS) this.#pauseMs = MIN_PAUSE_MS;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2);
    this.#log.error("the process that keeps the output is gone; another one is started", {
      reason,
      pauseMs,
    });
    this.#timer = setTimeout(() => this.start(), pauseMs);
  }
}

/** What the keeper could not do, as it says; without a code it is no error of ours. */
function errorOf({ code, message, details = {} }: ErrorData): Error {
  return code === undefined ? new Error(message) : new ElpisError(code, message, { details });
}

// The built file, whether this runs from src/ (tests) or from dist/.
function keeperFile(): string {
  const places = ["./keeper.js", "../keeper.js", "../../dist/keeper.js"];
  const files = places.map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = files.find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw keeperMissing(files);
}
