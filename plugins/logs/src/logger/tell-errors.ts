import { channel } from "node:diagnostics_channel";

/** Whoever keeps errors hears of them here, as from the logger of `@elpis/core`: `{ level, message, fields }`. */
const told = channel("elpis.log");
/** Levels of pino. */
const ERROR = 50;
const FATAL = 60;
/** What pino writes besides what was logged. */
const OF_THE_LINE: ReadonlySet<string> = new Set(["level", "time", "pid", "hostname", "msg"]);

type Fields = Readonly<Record<string, unknown>>;

/** A line, and what it was made from. */
export interface MadeLine {
  readonly text: string;
  readonly level: number;
  readonly message: unknown;
  readonly given: unknown;
}

/** Whether somebody wants to hear of lines of that level. */
export function isHeard(level: number): boolean {
  return level >= ERROR && told.hasSubscribers;
}

let isTelling = false;

/** Tells of a line as it was written: what `redact` hides is hidden here as well. Never throws. */
export function tellError({ text, level, message, given }: MadeLine): void {
  // Whoever hears may log itself.
  if (isTelling) return;
  isTelling = true;
  try {
    const fields = fieldsOf(text, given);
    const { message: ofError = "" } = (fields.err ?? {}) as { readonly message?: unknown };
    // Levels of one's own count as the next lower one of these.
    const name = level >= FATAL ? "fatal" : "error";
    told.publish({ level: name, message: String(message ?? ofError), fields });
  } finally {
    isTelling = false;
  }
}

function fieldsOf(text: string, given: unknown): Fields {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(parse(text))) {
    if (!OF_THE_LINE.has(key)) fields[key] = value;
  }
  for (const key of ["err", "error"]) {
    if (isRecord(fields[key])) fields[key] = errorOf(fields[key], (given as Fields | null)?.[key]);
  }
  return fields;
}

/** Options of pino may make something else of a line. */
function parse(text: string): Fields {
  try {
    const line: unknown = JSON.parse(text);
    return isRecord(line) ? line : {};
  } catch {
    return {};
  }
}

/** Serializers call the name of an error its type; without one nothing of an error is written. */
function errorOf(written: Fields, given: unknown): unknown {
  if (Object.keys(written).length === 0 && given instanceof Error) return given;
  const { type } = written;
  return typeof type === "string" && written.name === undefined
    ? { ...written, name: type }
    : written;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
