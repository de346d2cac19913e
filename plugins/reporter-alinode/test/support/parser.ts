/** The rules by which Alinode's files are read, written down apart from the reporter. Whatever breaks one throws. */

export interface NodeLine {
  readonly time: string;
  readonly pid: number;
  readonly values: Readonly<Record<string, number>>;
}

const NODE_LINE =
  /^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})\] \[([^\]]+)\] \[([^\]]+)\] \[(\d+)\] (.+)$/;

export function nodeLines(text: string): NodeLine[] {
  return whole(text).map((line) => {
    const [, time = "", level, type, pid, rest = ""] = must(NODE_LINE.exec(line), line);
    if (level !== "info" || type !== "custom") throw new Error(`level or type of ${line}`);
    const values: Record<string, number> = {};
    for (const pair of rest.split(", ")) {
      const [, key = "", digits] = must(
        /^([A-Za-z0-9_.%]+): (\d+(?:\.\d{1,2})?)$/.exec(pair),
        pair,
      );
      if (Object.hasOwn(values, key)) throw new Error(`${key} stands there twice`);
      values[key] = Number(digits);
    }
    return { time, pid: Number(pid), values };
  });
}

/** All values of a file. */
export function nodeValues(text: string): Record<string, number> {
  return Object.assign({}, ...nodeLines(text).map(({ values }) => values));
}

export interface Tracing {
  readonly traceId: string;
  readonly spanId: string;
  readonly startTime: number;
  readonly rootTime: number;
  readonly duration: number;
}

export function tracingLines(text: string): Tracing[] {
  return whole(text).map((line) => {
    const record = JSON.parse(line) as Record<string, unknown>;
    const known = [
      ...["traceId", "spanId", "parentSpanId", "operationName", "startTime", "rootTime"],
      ...["duration", "tags", "logs"],
    ];
    if (Object.keys(record).join() !== known.join()) throw new Error(`keys of ${line}`);
    for (const key of ["traceId", "spanId", "startTime", "rootTime", "duration"]) {
      if (!record[key]) throw new Error(`${key} of ${line} is 0 or missing`);
    }
    for (const key of ["startTime", "rootTime", "duration"]) {
      if (!Number.isInteger(record[key])) throw new Error(`${key} of ${line} is not whole`);
    }
    return record as unknown as Tracing;
  });
}

export interface FoundError {
  readonly type: string;
  readonly message: string;
  readonly stack: readonly string[];
}

export function errorsIn(text: string): FoundError[] {
  if (text !== "" && !text.endsWith("\n\n")) throw new Error("an error does not end");
  return text
    .split("\n\n")
    .slice(0, -1)
    .map((part) => {
      const [first = "", ...stack] = part.split("\n");
      const [, type = "", message = ""] = must(/([A-Za-z]*Error): (.*)$/.exec(first), first);
      for (const line of stack) {
        if (!line.trim().startsWith("at ") || line.includes("Error: ")) throw new Error(line);
      }
      return { type, message, stack };
    });
}

export interface Access {
  readonly arrow: string;
  readonly method: string;
  readonly url: string;
  readonly code: number;
  readonly ms: number;
}

export function accessLines(text: string): Access[] {
  const pattern =
    /^\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\] (\S+) (->|<-) (\S+) "(\S+) (\S+) HTTP\/[\d.]+ (\d{3})" (\d+)$/;
  return whole(text).map((line) => {
    const [, , , arrow = "", , method = "", url = "", code, ms] = must(pattern.exec(line), line);
    return { arrow, method, url, code: Number(code), ms: Number(ms) };
  });
}

function whole(text: string): string[] {
  if (text === "") return [];
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  return text.slice(0, -1).split("\n");
}

function must(found: RegExpExecArray | null, text: string): RegExpExecArray {
  if (found === null) throw new Error(`cannot be read: ${text}`);
  return found;
}
