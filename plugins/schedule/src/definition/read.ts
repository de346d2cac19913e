import { selectorProblem } from "@elpis/api";
import type { TaskOptions } from "../contract.ts";
import { badDefinition } from "../errors.ts";
import type { Definition, ForkDefinition } from "./definition.ts";
import { Fields } from "./fields.ts";
import type { Problem } from "./problem.ts";
import { readSchedule, WHEN_KEYS } from "./schedule.ts";

const KEYS = [
  ...WHEN_KEYS,
  ...["on", "to", "overlap", "queue", "missed", "timeout", "retries", "jitter", "enabled"],
  ...["entry", "fork"],
];
/** As the name of a process it has `task-` in front, and the hub takes 64. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,58}$/;
const HOUR_MS = 3_600_000;

/** Checks a name. */
export function nameProblem(name: unknown): string | undefined {
  if (typeof name === "string" && NAME.test(name)) return undefined;
  return "expected a name of 1 to 59 letters, digits, `.`, `_`, `-`, a letter or digit first";
}

/**
 * Checks the options of a task and fills in all that they leave out. Doing so twice gives the same.
 *
 * @throws ELPIS_SCHEDULE_DEFINITION with every problem
 */
export function readDefinition(name: string, options: TaskOptions): Definition {
  const problems: Problem[] = [];
  const definition = collectDefinition(name, options, [], problems);
  if (definition === undefined) throw badDefinition(name, problems);
  return definition;
}

/** As {@link readDefinition}, with the problems for the caller to deal with; undefined: there are some. */
export function collectDefinition(
  name: string,
  options: unknown,
  path: readonly string[],
  problems: Problem[],
): Definition | undefined {
  const before = problems.length;
  const badName = nameProblem(name);
  if (badName !== undefined) problems.push({ path, message: badName });
  const fields = new Fields(options, path, problems);
  fields.only(KEYS);
  const schedule = readSchedule(fields);
  const fork = readFork(fields);
  const to = readSelector(fields);
  const timeoutMs = readTimeout(fields);
  const on = fields.word("on", ["one", "all", "each"], "one");
  if (fork !== undefined && (on !== "one" || to !== undefined)) {
    fields.wrong("entry", "a task with a process of its own goes without `on` and `to`");
  }
  const isOnce = schedule?.kind === "at" || schedule?.kind === "in";
  const definition = {
    on,
    overlap: fields.word("overlap", ["skip", "queue", "allow"], "skip"),
    queue: fields.integer("queue", 1, 1),
    missed: fields.word("missed", ["once", "skip"], isOnce ? "once" : "skip"),
    retries: readRetries(fields),
    jitterMs: fields.duration("jitter", 0),
    enabled: fields.read("enabled", "true or false", true, (one) => typeof one === "boolean"),
    ...(to !== undefined && { to }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(fork !== undefined && { fork }),
  };
  if (schedule === undefined || problems.length > before) return undefined;
  return { schedule, ...definition };
}

function readSelector(fields: Fields): Definition["to"] {
  const to = fields.raw("to");
  if (to === undefined) return undefined;
  if (typeof to !== "object" || to === null) {
    fields.expected("to", 'a selector such as { name: "web" }');
    return undefined;
  }
  const problem = selectorProblem(to);
  if (problem !== undefined) fields.wrong("to", `${problem.part}: expected ${problem.expected}`);
  return { ...to } as Definition["to"];
}

function readTimeout(fields: Fields): number | undefined {
  if (fields.raw("timeout") === false) return undefined;
  return fields.duration("timeout", HOUR_MS, 1);
}

function readRetries(fields: Fields): Definition["retries"] {
  const retries = fields.inner("retries");
  retries.only(["attempts", "lost", "backoff"]);
  const backoff = retries.inner("backoff");
  backoff.only(["min", "max"]);
  const minMs = backoff.duration("min", 1000);
  const maxMs = backoff.duration("max", Math.max(minMs, 300_000));
  if (maxMs < minMs) backoff.wrong("max", `is ${maxMs} ms, less than min (${minMs} ms)`);
  return {
    attempts: retries.integer("attempts", 0, 0),
    lost: retries.integer("lost", 0, 3),
    minMs,
    maxMs,
  };
}

function readFork(fields: Fields): ForkDefinition | undefined {
  const entry = fields.text("entry");
  if (entry === undefined) {
    if (fields.raw("fork") !== undefined) fields.wrong("fork", "goes with `entry` only");
    return undefined;
  }
  const fork = fields.inner("fork");
  fork.only(["args", "nodeArgs", "env", "cwd"]);
  const isTexts = (found: unknown): boolean =>
    typeof found === "object" &&
    found !== null &&
    Object.values(found).every((one) => typeof one === "string");
  const cwd = fork.text("cwd");
  return {
    entry,
    args: fork.texts("args"),
    nodeArgs: fork.texts("nodeArgs"),
    env: fork.read<ForkDefinition["env"]>("env", "an object of texts", {}, isTexts),
    ...(cwd !== undefined && { cwd }),
  };
}
