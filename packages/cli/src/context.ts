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
  /**
   * Calls `listener` for each SIGHUP from now on; until this is undone, it does not ask the program to end. Where a
   * terminal is attached it still does: it means that the terminal is gone. Returns what undoes it.
   */
  onHangUp(listener: () => void): () => void;
}

const ENDING: readonly NodeJS.Signals[] =
  process.platform === "win32" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/** The context of a program that was started from a shell. */
export function processContext(bin: string): CliContext {
  const stdout = createSink(process.stdout, process.env);
  const stderr = createSink(process.stderr, process.env);
  const hasTerminal = process.stdin.isTTY === true || stdout.isTty || stderr.isTty;
  let hangUps = 0;
  return {
    cwd: process.cwd(),
    env: process.env,
    bin,
    stdout,
    stderr,
    onSignal(listener) {
      const ending = (signal: NodeJS.Signals): void => {
        if (signal !== "SIGHUP" || hangUps === 0) listener(signal);
      };
      for (const signal of ENDING) process.on(signal, ending);
      return () => {
        for (const signal of ENDING) process.off(signal, ending);
      };
    },
    onHangUp(listener) {
      if (hasTerminal || process.platform === "win32") return () => {};
      hangUps += 1;
      process.on("SIGHUP", listener);
      return () => {
        hangUps -= 1;
        process.off("SIGHUP", listener);
      };
    },
  };
}
