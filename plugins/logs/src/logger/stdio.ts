import { writeSync } from "node:fs";

const STDERR = 2;

let heard: NodeJS.WriteStream | undefined;

/**
 * Prints a line, with its line break. A standard output that nobody reads any more does not end the process: its lines
 * are in the file as well.
 */
export function printLine(line: string): void {
  const { stdout } = process;
  if (stdout !== heard) stdout.on("error", () => {});
  heard = stdout;
  stdout.write(line);
}

/** Tells on standard error what went wrong, also at the very end of the process. */
export function printTrouble(error: Error): void {
  try {
    writeSync(STDERR, `elpis: ${error.message}\n`);
  } catch {
    // Nobody is there to read it.
  }
}
