import type { CliContext } from "../context.ts";
import type { DecodedLine, OutputLine } from "../preset.ts";
import { colorOf, paint } from "./color.ts";
import { say } from "./report.ts";

/** An output line for a terminal or a container's log: `web.0 | text`. */
export function formatLine(line: OutputLine, color: boolean): string {
  const label = `${line.process}.${line.index} |`;
  return `${paint(label, line.stream === "stderr" ? "red" : colorOf(line.process), color)} ${line.text}`;
}

/** The documented shape of an output line. */
function lineShape(line: OutputLine): OutputLine {
  const { time, process, index, pid, stream, text } = line;
  return { time, process, index, pid, stream, text };
}

/** The documented shape of a line of a log. */
export function keptLineShape(line: DecodedLine): DecodedLine {
  const { time, process, index, pid, stream, level, text } = line;
  return { time, process, index, pid, stream, ...(level !== undefined && { level }), text };
}

/** Prints output lines on stdout as the command was asked to; lines that a full disk cost are owned up to on stderr. */
export function linePrinter(context: CliContext, json: boolean): (line: OutputLine) => void {
  const { stdout } = context;
  let told = 0;
  return (line) => {
    const isOut = stdout.line(
      json ? JSON.stringify(lineShape(line)) : formatLine(line, stdout.color),
    );
    if (!isOut || stdout.lost === told) return;
    say(context, `${stdout.lost - told} lines could not be written to stdout`);
    told = stdout.lost;
  };
}
