import { createSink, type Sink } from "./output/sink.ts";

/** What a command has of the world; made once by the program, or by whoever embeds a command. */
export interface CliContext {
  /** The directory that relative paths are meant from. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** File of the `elpis` program; a detached master is started with it. */
  readonly bin: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Calls `listener` for each signal that asks the program to end. Returns what undoes it. */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void;
}

const ENDING: readonly NodeJS.Signals[] =
  process.platform === "win32" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/** The context of a program that was started from a shell. */
export function processContext(bin: string): CliContext {
  return {
    cwd: process.cwd(),
    env: process.env,
    bin,
    stdout: createSink(process.stdout, process.env),
    stderr: createSink(process.stderr, process.env),
    onSignal(listener) {
      for (const signal of ENDING) process.on(signal, listener);
      return () => {
        for (const signal of ENDING) process.off(signal, listener);
      };
    },
  };
}
