import { errorToData } from "@elpis/api";
import type { CliContext } from "../context.ts";
import { encodeText, LogFile } from "../preset.ts";
import { logFile } from "./file.ts";

/** At most twice that is kept. */
const MAX_BYTES = 10 * 1024 * 1024;

/**
 * The log of a detached app: what its master says, and, unless a plugin keeps that, what its processes print. A disk that
 * refuses, because it is full or gone, never costs the program; lines beyond what may wait for it are lost, and the log
 * says how many.
 */
export function appLog(context: CliContext, app: string): LogFile {
  return new LogFile({
    path: logFile(app),
    rotation: { maxBytes: MAX_BYTES, mode: "rename", compress: false, keep: { files: 1 } },
    lossNote,
    onTrouble: (error) =>
      context.stderr.line(`elpis: the log cannot be written: ${errorToData(error).message}`),
  });
}

function lossNote(lines: number): string {
  return encodeText({
    time: Date.now(),
    process: "master",
    index: 0,
    pid: process.pid,
    stream: "stderr",
    text: `elpis: ${lines} lines could not be written here`,
  });
}
