import { type DestinationStream, type Logger, symbols } from "pino";
import type { LineWriter } from "./line-writer.ts";
import { printLine } from "./stdio.ts";

/** Where lines go besides the file, and in which form. */
export interface DestinationOptions {
  readonly writer: LineWriter;
  /** Makes of a line of pino what is written. */
  readonly format: (line: string) => string;
  /** The least level for standard output. */
  readonly stdoutLevel: number;
  /** The least level for the file, of loggers that have no level of their own. */
  readonly fileLevel: number;
  /** The level that the logger was made with. */
  readonly level: number;
}

/** What pino tells a destination that wants to know. */
interface Told {
  lastLevel: number;
  lastLogger: Logger | undefined;
}

/** A destination that looks at the level of each line, or at its form. A plain file needs none. */
export function destination(options: DestinationOptions): DestinationStream {
  const { writer, format, stdoutLevel, fileLevel, level } = options;
  const told: Told = { lastLevel: 0, lastLogger: undefined };
  const isForFile = (): boolean =>
    told.lastLevel >= fileLevel || told.lastLogger?.levelVal !== level;
  const write = (line: string): void => {
    const text = format(line);
    if (isForFile()) writer.write(text);
    if (told.lastLevel >= stdoutLevel) printLine(text);
  };
  const flushSync = (): void => writer.flushSync();
  return Object.assign(told, { [symbols.needsMetadataGsym]: true, write, flushSync });
}
