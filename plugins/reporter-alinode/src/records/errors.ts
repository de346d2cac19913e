import type { ErrorRecord } from "@elpis/api";
import { localTime } from "./times.ts";

/** An error as the collector hands it on. */
export interface ErrorEntry {
  /** Its first line, and those that begin with `at`. */
  readonly lines: readonly string[];
  readonly type: string;
  readonly timestamp: number;
}

/** Turns errors into entries. */
export function errorEntries(errors: readonly ErrorRecord[]): ErrorEntry[] {
  return errors.map((error) => {
    const { time, process, index, pid, errType } = error;
    const isClass = /^[A-Za-z]*Error$/.test(errType);
    const type = isClass ? errType : "Error";
    // The type is what stands before the first `Error: `; a code goes into the message.
    const message = oneLine(isClass ? error.message : `[${errType}] ${error.message}`);
    const first = `[${localTime(time)}] [${oneLine(process)} ${index}] [${pid}] ${type}: ${message}`;
    return { lines: [first, ...framesOf(error.stack)], type, timestamp: Math.round(time) };
  });
}

/** An error ends with an empty line, and any line with `Error: ` in it would begin another. */
export function errorText({ lines }: ErrorEntry): string {
  return `${lines.join("\n")}\n\n`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*[\r\n]+\s*/g, " ");
}

function framesOf(stack: string): string[] {
  return stack
    .split(/[\r\n]+/)
    .filter((line) => line.trimStart().startsWith("at "))
    .map((line) => `    ${line.trim().replaceAll("Error: ", "Error:")}`);
}
