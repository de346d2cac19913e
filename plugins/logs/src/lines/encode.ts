import type { KeptLine, OutputStream } from "@elpis/api";
import { levelOf } from "./level.ts";

/** How lines stand in a file: for people, or as one JSON object each. */
export type LineFormat = "text" | "json";

/** Whose lines they are, as far as it is the same for all of them. */
export interface LineSource {
  readonly process: string;
  readonly index: number;
  readonly format: LineFormat;
}

/** Makes a line of a file, with its line break. `timeIso` is `new Date(time).toISOString()`. */
export type LineEncoder = (
  timeIso: string,
  pid: number,
  stream: OutputStream,
  text: string,
) => string;

/** A line as it stands in a file for people: `2026-01-31T12:00:00.000Z web.0[4242] stdout| text`, with its line break. */
export function encodeText(line: KeptLine): string {
  const { process, index } = line;
  return encode(line, encoderOf({ process, index, format: "text" }));
}

/**
 * A line as one JSON object, with its line break: `time` (ISO 8601), `process`, `index`, `pid`, `stream`, `level` where
 * the text tells one, `text`.
 */
export function encodeJson(line: KeptLine): string {
  const { process, index } = line;
  return encode(line, encoderOf({ process, index, format: "json" }));
}

function encode(line: KeptLine, encoder: LineEncoder): string {
  return encoder(new Date(line.time).toISOString(), line.pid, line.stream, line.text);
}

/** An encoder for many lines of one source: what is the same in all of them is made once. */
export function encoderOf({ process, index, format }: LineSource): LineEncoder {
  return format === "json" ? jsonEncoder(process, index) : textEncoder(process, index);
}

function textEncoder(process: string, index: number): LineEncoder {
  let lastPid = Number.NaN;
  let [out, err] = ["", ""];
  return (timeIso, pid, stream, text) => {
    if (pid !== lastPid) {
      lastPid = pid;
      out = ` ${process}.${index}[${pid}] stdout| `;
      err = ` ${process}.${index}[${pid}] stderr| `;
    }
    // A carriage return or another line break of Unicode stays; only the one that ends lines here must not be inside.
    const inOne = text.includes("\n") ? text.replaceAll("\n", " ") : text;
    return `${timeIso}${stream === "stderr" ? err : out}${inOne}\n`;
  };
}

function jsonEncoder(process: string, index: number): LineEncoder {
  const source = `,"process":${JSON.stringify(process)},"index":${index},"pid":`;
  let lastPid = Number.NaN;
  let [out, err] = ["", ""];
  return (timeIso, pid, stream, text) => {
    if (pid !== lastPid) {
      lastPid = pid;
      out = `"${source}${pid},"stream":"stdout",`;
      err = `"${source}${pid},"stream":"stderr",`;
    }
    const level = levelOf(text);
    const told = level === undefined ? '"text":' : `"level":"${level}","text":`;
    return `{"time":"${timeIso}${stream === "stderr" ? err : out}${told}${JSON.stringify(text)}}\n`;
  };
}
