import type { Selector } from "@elpis/api";

/** When a task runs. */
export type Schedule =
  | { readonly kind: "cron"; readonly pattern: string; readonly timeZone?: string }
  | { readonly kind: "every"; readonly everyMs: number }
  | { readonly kind: "at"; readonly atMs: number }
  | { readonly kind: "in"; readonly inMs: number };

/** A process for each run. */
export interface ForkDefinition {
  /** As it was given. */
  readonly entry: string;
  readonly args: readonly string[];
  readonly nodeArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** `TaskOptions` checked, with every value filled in. */
export interface Definition {
  readonly schedule: Schedule;
  readonly on: "one" | "all" | "each";
  readonly to?: Selector;
  readonly overlap: "skip" | "queue" | "allow";
  readonly queue: number;
  readonly missed: "once" | "skip";
  /** Undefined: without end. */
  readonly timeoutMs?: number;
  readonly retries: {
    readonly attempts: number;
    readonly lost: number;
    readonly minMs: number;
    readonly maxMs: number;
  };
  readonly jitterMs: number;
  readonly enabled: boolean;
  readonly fork?: ForkDefinition;
}

/** For a person: `0 3 * * * (Europe/Berlin)`, `every 90s`. */
export function describeSchedule(schedule: Schedule): string {
  switch (schedule.kind) {
    case "cron": {
      const { pattern, timeZone } = schedule;
      return timeZone === undefined ? pattern : `${pattern} (${timeZone})`;
    }
    case "every":
      return `every ${describeSpan(schedule.everyMs)}`;
    case "at":
      return `at ${new Date(schedule.atMs).toISOString()}`;
    case "in":
      return `once, after ${describeSpan(schedule.inMs)}`;
  }
}

const UNITS: ReadonlyArray<readonly [string, number]> = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
];

function describeSpan(ms: number): string {
  const [unit, unitMs] = UNITS.find(([, one]) => ms >= one && ms % one === 0) ?? ["ms", 1];
  return `${ms / unitMs}${unit}`;
}
