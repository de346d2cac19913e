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
  /** Whether a value of this key is written as it is: nobody has said what is to be shown of it, or hidden. */
  isPlain(key: string): boolean;
}

/** Whether somebody wants to hear of lines of that level. */
export function isHeard(level: number): boolean {
  return level >= ERROR && told.hasSubscribers;
}

let isTelling = false;

/** Tells of a line as it was written: what `redact` hides is hidden here as well. Never throws. */
export function tellError(line: MadeLine): void {
  // Whoever hears may log itself.
  if (isTelling) return;
  isTelling = true;
  try {
    const { level, message } = line;
    const fields = fieldsOf(line);
    const ofError = (fields.err ?? fields.error ?? {}) as { readonly message?: unknown };
    // Levels of one's own count as the next lower one of these.
    const name = level >= FATAL ? "fatal" : "error";
    told.publish({ level: name, message: toText(message ?? ofError.message ?? ""), fields });
  } catch {
    // What cannot be read cannot be told of; the line itself was written.
  } finally {
    isTelling = false;
  }
}

function fieldsOf({ text, given, isPlain }: MadeLine): Fields {
  const entries = Object.entries(parse(text)).filter(([key]) => !OF_THE_LINE.has(key));
  // One by one a key `__proto__` would be none.
  const fields: Record<string, unknown> = Object.fromEntries(entries);
  for (const key of ["err", "error"]) {
    const written = fields[key];
    if (!isRecord(written)) continue;
    const error = (given as Fields | null)?.[key];
    fields[key] = error instanceof Error && isPlain(key) ? whole(written, error) : named(written);
  }
  return fields;
}

/** Symbols, and objects that have no text, are no reason to say nothing. */
function toText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "";
  }
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

/** Without a serializer only what was added to an error is written, such as its code. */
function whole(written: Fields, error: Error): unknown {
  const { name, message, stack } = error;
  return typeof written.message === "string" ? written : { ...written, name, message, stack };
}

/** Serializers call the name of an error its type. */
function named(written: Fields): Fields {
  const { type } = written;
  return typeof type === "string" && written.name === undefined
    ? { ...written, name: type }
    : written;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
