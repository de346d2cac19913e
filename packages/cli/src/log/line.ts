import type { OutputLine } from "../preset.ts";

const LINE = /^(\S+) (\S+)\.(\d+)\[(\d+)\] (stdout|stderr)\| (.*)$/s;

/** An output line as it stands in a log file: `2026-01-31T12:00:00.000Z web.0[4242] stdout| text`. */
export function encodeLine(line: OutputLine): string {
  const time = new Date(line.time).toISOString();
  // A carriage return or another line break of Unicode stays; only the one that ends lines here must not be inside.
  const text = line.text.replaceAll("\n", " ");
  return `${time} ${line.process}.${line.index}[${line.pid}] ${line.stream}| ${text}\n`;
}

/** Reads what {@link encodeLine} wrote; `undefined` for anything else, such as a line that was cut off. */
export function decodeLine(text: string): OutputLine | undefined {
  const found = LINE.exec(text);
  if (found === null) return undefined;
  const [, time = "", process = "", index = "", pid = "", stream = "", rest = ""] = found;
  const at = Date.parse(time);
  if (Number.isNaN(at)) return undefined;
  return {
    time: at,
    process,
    index: Number(index),
    pid: Number(pid),
    stream: stream === "stderr" ? "stderr" : "stdout",
    text: rest,
  };
}

/** Whether a line is from the process that was asked for: `web` means all of them, `web.1` one. */
export function isFrom(line: OutputLine, wanted: string | undefined): boolean {
  return (
    wanted === undefined || wanted === line.process || wanted === `${line.process}.${line.index}`
  );
}
