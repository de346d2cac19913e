import type { KeptLine } from "@elpis/api";
import { LEVELS, type Level, levelOf } from "./level.ts";

/** A line that was read from a file. */
export interface DecodedLine extends KeptLine {
  /** How serious it is, where it can be told. */
  readonly level?: Level;
}

const TEXT = /^(\S+) (\S+)\.(\d+)\[(\d+)\] (stdout|stderr)\| (.*)$/s;

/**
 * Reads a line that `encodeText` or `encodeJson` wrote, without its line break.
 *
 * @returns undefined for anything else, such as a line that was cut off
 */
export function decodeLine(text: string): DecodedLine | undefined {
  return text.startsWith("{") ? decodeJson(text) : decodeText(text);
}

function decodeText(line: string): DecodedLine | undefined {
  const found = TEXT.exec(line);
  if (found === null) return undefined;
  const [, time = "", process = "", index = "", pid = "", stream = "", text = ""] = found;
  return complete(
    {
      time: Date.parse(time),
      process,
      index: Number(index),
      pid: Number(pid),
      stream: stream === "stderr" ? "stderr" : "stdout",
      text,
    },
    levelOf(text),
  );
}

function decodeJson(line: string): DecodedLine | undefined {
  let found: Partial<Record<keyof DecodedLine, unknown>>;
  try {
    found = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { time, process, index, pid, stream, text, level } = found;
  if (typeof time !== "string" || typeof process !== "string" || typeof text !== "string") {
    return undefined;
  }
  if (typeof index !== "number" || typeof pid !== "number") return undefined;
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  const told = LEVELS.find((one) => one === level);
  return complete({ time: Date.parse(time), process, index, pid, stream, text }, told);
}

function complete(line: KeptLine, level: Level | undefined): DecodedLine | undefined {
  if (Number.isNaN(line.time)) return undefined;
  return level === undefined ? line : { ...line, level };
}
