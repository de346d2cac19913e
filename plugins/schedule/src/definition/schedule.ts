import { cronCalendar } from "./calendar.ts";
import type { Schedule } from "./definition.ts";
import type { Fields } from "./fields.ts";

const KINDS = ["cron", "every", "at", "in"] as const;
/** The keys that {@link readSchedule} reads. */
export const WHEN_KEYS: readonly string[] = [...KINDS, "timeZone"];
const LEAST_EVERY_MS = 100;

/** When a task runs; undefined: it cannot be told, and the problems say why. */
export function readSchedule(fields: Fields): Schedule | undefined {
  const given = KINDS.filter((kind) => fields.raw(kind) !== undefined);
  const [kind] = given;
  if (kind === undefined || given.length > 1) {
    const got = given.length === 0 ? "none" : given.join(" and ");
    fields.wrong("", `expected exactly one of ${KINDS.join(", ")}, got ${got}`);
    return undefined;
  }
  if (kind !== "cron" && fields.raw("timeZone") !== undefined) {
    fields.wrong("timeZone", "goes with `cron` only");
  }
  switch (kind) {
    case "cron":
      return readCron(fields);
    case "every":
      return { kind, everyMs: fields.duration(kind, LEAST_EVERY_MS, LEAST_EVERY_MS) };
    case "in":
      return { kind, inMs: fields.duration(kind, 0) };
    case "at":
      return readAt(fields);
  }
}

function readCron(fields: Fields): Schedule | undefined {
  const pattern = fields.text("cron");
  const timeZone = fields.text("timeZone");
  if (pattern === undefined) return undefined;
  try {
    cronCalendar(pattern, timeZone);
  } catch (error) {
    const why = (error as Error).message.replace(/^Cron\w*: /, "");
    const isZone = /time ?zone/i.test(why);
    if (isZone) fields.expected("timeZone", 'a time zone such as "Europe/Berlin"');
    else fields.expected("cron", `a cron pattern such as "0 4 * * *" (${why})`);
    return undefined;
  }
  return { kind: "cron", pattern, ...(timeZone !== undefined && { timeZone }) };
}

function readAt(fields: Fields): Schedule | undefined {
  const at = fields.raw("at");
  const isTime = at instanceof Date || typeof at === "number" || typeof at === "string";
  const atMs = isTime ? new Date(at).getTime() : Number.NaN;
  if (Number.isNaN(atMs)) {
    fields.expected("at", 'a date, such as new Date(), or "2027-01-31T08:00:00Z"');
    return undefined;
  }
  return { kind: "at", atMs };
}
