/** A line of pino for people: `2026-01-31T12:00:00.000Z INFO  [4242] text {"sku":1}`, and below it the stack of an error. */
export function toText(line: string, labelOf: (level: number) => string): string {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line);
  } catch {
    // Made by options of pino that make something else.
    return line;
  }
  const { level, time, pid, hostname, msg, err, ...rest } = fields;
  void hostname;
  const { error, stack } = splitError(err);
  const more = { ...rest, ...error };
  const shown = [
    timeOf(time),
    labelOf(Number(level)).toUpperCase().padEnd(5),
    ...(pid === undefined ? [] : [`[${pid}]`]),
    ...(msg === undefined ? [] : [inset(String(msg))]),
    ...(Object.keys(more).length > 0 ? [JSON.stringify(more)] : []),
  ];
  return `${shown.join(" ")}\n${stack}`;
}

function timeOf(time: unknown): string {
  const date = new Date(typeof time === "number" ? time : String(time));
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}

/** The stack stands below the line, and the rest of the error in it. */
function splitError(err: unknown): { readonly error: object; readonly stack: string } {
  if (typeof err !== "object" || err === null) {
    return { error: err === undefined ? {} : { err }, stack: "" };
  }
  const { stack, ...error } = err as { readonly stack?: unknown };
  if (typeof stack !== "string") return { error: { err }, stack: "" };
  return { error: { err: error }, stack: `    ${inset(stack)}\n` };
}

/** Lines that go on with the one before them begin with blanks. */
function inset(text: string): string {
  return text.includes("\n") ? text.replaceAll(/\n\s*/g, "\n    ") : text;
}
