import { type DestinationStream, type Logger, symbols } from "pino";
import type { LineWriter } from "./line-writer.ts";
import { isWrittenPlain } from "./plain-keys.ts";
import { printLine } from "./stdio.ts";
import { isHeard, tellError } from "./tell-errors.ts";

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

/** What pino tells a destination that wants to know; all of it is there from the beginning, which is faster. */
interface Told extends DestinationStream {
  readonly [symbols.needsMetadataGsym]: true;
  lastLevel: number;
  lastLogger: Logger | undefined;
  lastMsg: unknown;
  lastObj: unknown;
  lastTime: unknown;
  flushSync(): void;
}

/** Writes each line where its level says, and tells of those that are errors. */
export function destination(options: DestinationOptions): DestinationStream {
  const { writer, format, stdoutLevel, fileLevel, level } = options;
  const isForFile = (): boolean =>
    told.lastLevel >= fileLevel || told.lastLogger?.levelVal !== level;
  const told: Told = {
    [symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    lastLogger: undefined,
    lastMsg: undefined,
    lastObj: undefined,
    lastTime: undefined,
    write(line) {
      const text = format(line);
      if (isForFile()) writer.write(text);
      const { lastLevel, lastMsg, lastObj } = told;
      if (lastLevel >= stdoutLevel) printLine(text);
      if (isHeard(lastLevel)) {
        const isPlain = (key: string): boolean => isWrittenPlain(told.lastLogger, key);
        tellError({ text: line, level: lastLevel, message: lastMsg, given: lastObj, isPlain });
      }
    },
    flushSync: () => writer.flushSync(),
  };
  return told;
}
