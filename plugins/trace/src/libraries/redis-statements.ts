import { createRequire } from "node:module";
import { load } from "../otel.ts";

/** What is told of a command of Redis. */
export type SayCommand = (name: string, args: readonly unknown[]) => string;

/** More than any command shows, unless it shows all. */
const PROBES: readonly string[] = Array.from({ length: 9 }, (_, at) => `\0${at}\0`);
const MAX_KNOWN = 500;

/**
 * Says of a command what OpenTelemetry would say of it, which looks through a row of patterns each time: here they are asked once for
 * each name how many arguments it may show.
 *
 * @param say how OpenTelemetry does it
 */
export function redisStatements(say: SayCommand): SayCommand {
  const shown = new Map<string, number>();
  const shownOf = (name: string): number => {
    const said = say(name, [...PROBES]);
    const count = PROBES.filter((probe) => said.includes(probe)).length;
    if (shown.size >= MAX_KNOWN) shown.clear();
    shown.set(name, count);
    return count;
  };
  return (name, args) => {
    // What the command is made of may be something else than it is declared to be.
    if (!Array.isArray(args) || args.length === 0 || typeof name !== "string")
      return say(name, args);
    const count = shown.get(name) ?? shownOf(name);
    if (count >= args.length || count === PROBES.length) {
      return `${name} ${args.length === 1 ? textOf(args[0]) : args.join(" ")}`;
    }
    const others = `[${args.length - count} other arguments]`;
    if (count === 1) return `${name} ${textOf(args[0])} ${others}`;
    return [name, ...args.slice(0, count), others].join(" ");
  };
}

/** As in a list that is joined. */
function textOf(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}

/** How OpenTelemetry does it, in the version that its instrumentation uses. */
export function loadSayCommand(): SayCommand {
  const own = createRequire(load.resolve("@opentelemetry/instrumentation-ioredis"));
  return own("@opentelemetry/redis-common").defaultDbStatementSerializer;
}
