import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { CronPattern } from "croner";
import { type Fields, isTexts } from "./fields.ts";
import { readProbe } from "./probe.ts";
import type { BalancePolicy, LivenessPolicy, ProcessDefinition, RestartPolicy } from "./types.ts";

const RESTART = [
  ...["intensity", "period", "minDelay", "maxDelay", "stableAfter"],
  ...["stopCodes", "retryAfter"],
];
const BALANCES = ["kernel", "round-robin", "least-connections", "sticky", "reuse-port"] as const;

/** The keys that {@link readPolicies} reads. */
export const POLICY_KEYS: readonly string[] = [
  ...["envFile", "restart", "liveness", "memoryLimit", "maxAge", "maxRequests", "cron"],
  ...["uncaught", "balance", "reload", "nice", "limits", "uid", "gid"],
];

type Policies = Pick<
  ProcessDefinition,
  | "envFiles"
  | "restart"
  | "liveness"
  | "memoryLimit"
  | "maxAgeMs"
  | "maxRequests"
  | "cron"
  | "uncaught"
  | "balance"
  | "reload"
  | "nice"
  | "limits"
  | "uid"
  | "gid"
>;

/** Reads what says how a process is supervised. `isNode`: it is known to turn an event loop. */
export function readPolicies(fields: Fields, dir: string, isNode: boolean): Policies {
  const memoryLimit = readMemoryLimit(fields);
  const maxAgeMs = fields.optionalDuration("maxAge", 1000);
  const maxRequests = optionalInteger(fields, "maxRequests", 1);
  const cron = readCron(fields);
  const nice = readNice(fields);
  const limits = readLimits(fields);
  const uid = readId(fields, "uid", "-u");
  const gid = readId(fields, "gid", "-g");
  return {
    envFiles: readEnvFiles(fields, dir),
    restart: readRestart(fields),
    liveness: readLiveness(fields, isNode),
    ...(memoryLimit !== undefined && { memoryLimit }),
    ...(maxAgeMs !== undefined && { maxAgeMs }),
    ...(maxRequests !== undefined && { maxRequests }),
    ...(cron !== undefined && { cron }),
    uncaught: fields.read<"replace" | "exit">(
      "uncaught",
      '"replace" or "exit"',
      "replace",
      (found) => found === "replace" || found === "exit",
    ),
    balance: readBalance(fields),
    reload: readReload(fields, isNode),
    ...(nice !== undefined && { nice }),
    ...(limits !== undefined && { limits }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  };
}

function optionalInteger(fields: Fields, key: string, least: number): number | undefined {
  return fields.raw(key) === undefined ? undefined : fields.integer(key, least, least);
}

function readCron(fields: Fields): string | undefined {
  const pattern = fields.text("cron");
  if (pattern === undefined) return undefined;
  try {
    new CronPattern(pattern);
    return pattern;
  } catch (error) {
    const why = (error as Error).message.replace(/^CronPattern: /, "");
    fields.wrong("cron", `a cron pattern such as "0 4 * * *" (${why})`);
    return undefined;
  }
}

function readEnvFiles(fields: Fields, dir: string): string[] {
  const found = fields.raw("envFile");
  const files = typeof found === "string" ? [found] : found;
  if (files === undefined) return [];
  if (isTexts(files) && files.every((file) => file !== "")) {
    return files.map((file) => resolve(dir, file));
  }
  fields.wrong("envFile", "a path, or an array of paths");
  return [];
}

function readRestart(fields: Fields): RestartPolicy | false {
  if (fields.raw("restart") === false) return false;
  const restart = fields.inner("restart", "an object or false") ?? fields.empty("restart");
  restart.only(RESTART);
  const periodMs = restart.duration("period", 10_000, 1);
  const minDelayMs = restart.duration("minDelay", 100);
  const maxDelayMs = restart.duration("maxDelay", Math.max(30_000, minDelayMs));
  if (maxDelayMs < minDelayMs) {
    restart.problem(`is ${maxDelayMs} ms, less than minDelay (${minDelayMs} ms)`, "maxDelay");
  }
  const never = restart.raw("retryAfter") === false;
  return {
    intensity: restart.integer("intensity", 0, 5),
    periodMs,
    minDelayMs,
    maxDelayMs,
    stableAfterMs: restart.duration("stableAfter", periodMs),
    stopCodes: restart.read<readonly number[]>(
      "stopCodes",
      "an array of exit codes from 0 to 255",
      [],
      (found) => Array.isArray(found) && found.every(isExitCode),
    ),
    ...(!never && { retryAfterMs: restart.duration("retryAfter", 60_000, 1) }),
  };
}

function isExitCode(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
}

function readLiveness(fields: Fields, isNode: boolean): LivenessPolicy | false {
  if (fields.raw("liveness") === false) return false;
  const liveness = fields.inner("liveness", "an object or false");
  if (liveness === undefined) return isNode ? { intervalMs: 1000 } : false;
  liveness.only(["interval", "probe"]);
  const probe = readProbe(liveness, "probe", 5000);
  const intervalMs = liveness.duration("interval", 1000, 50);
  return { intervalMs, ...(probe !== undefined && { probe }) };
}

function readMemoryLimit(fields: Fields): ProcessDefinition["memoryLimit"] {
  const found = fields.raw("memoryLimit");
  if (typeof found !== "object" || found === null) {
    const bytes = fields.size("memoryLimit");
    return bytes === undefined ? undefined : { bytes, forMs: 5000 };
  }
  const inner = fields.inner("memoryLimit", "an amount of memory, or { limit, for }");
  if (inner === undefined) return undefined;
  inner.only(["limit", "for"]);
  if (inner.raw("limit") === undefined) inner.wrong("limit", "an amount of memory");
  const bytes = inner.size("limit");
  const forMs = inner.duration("for", 5000);
  return bytes === undefined ? undefined : { bytes, forMs };
}

function readBalance(fields: Fields): BalancePolicy {
  const found = fields.raw("balance") ?? "kernel";
  const kind = BALANCES.find((one) => one === found);
  if (kind !== undefined) return { kind };
  const weights = (found as { weights?: unknown } | null)?.weights;
  if (Array.isArray(weights) && weights.length > 0 && weights.every(isWeight)) {
    fields.inner("balance", "an object")?.only(["weights"]);
    if (weights.some((weight) => weight > 0)) return { kind: "weighted", weights };
  }
  const names = BALANCES.map((one) => `"${one}"`).join(", ");
  fields.wrong("balance", `${names}, or { weights } with integers from 0 to 1000, not all 0`);
  return { kind: "kernel" };
}

function isWeight(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 1000;
}

function readReload(fields: Fields, isNode: boolean): ProcessDefinition["reload"] {
  const reload = fields.inner("reload", "an object") ?? fields.empty("reload");
  reload.only(["batch", "overlap"]);
  const isBoolean = (found: unknown): boolean => typeof found === "boolean";
  return {
    batch: reload.integer("batch", 1, 1),
    overlap: reload.read("overlap", "true or false", isNode, isBoolean),
  };
}

function readNice(fields: Fields): number | undefined {
  return fields.read<number | undefined>(
    "nice",
    "an integer from -20 to 19",
    undefined,
    (found) => Number.isInteger(found) && (found as number) >= -20 && (found as number) <= 19,
  );
}

function readLimits(fields: Fields): ProcessDefinition["limits"] {
  const limits = fields.inner("limits", "an object");
  if (limits === undefined) return undefined;
  limits.only(["memory", "cpu"]);
  const memoryBytes = limits.size("memory");
  const cpu = limits.read<number | undefined>(
    "cpu",
    "a number of processors above 0",
    undefined,
    (found) => Number.isFinite(found) && (found as number) > 0,
  );
  return {
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(cpu !== undefined && { cpu }),
  };
}

function readId(fields: Fields, key: string, flag: "-u" | "-g"): number | undefined {
  const found = fields.raw(key);
  if (found === undefined) return undefined;
  if (Number.isSafeInteger(found) && (found as number) >= 0) return found as number;
  const id = typeof found === "string" ? idOf(found, key) : undefined;
  if (id === undefined)
    fields.wrong(
      key,
      `a number, or the name of a ${flag === "-u" ? "user" : "group"} of this machine`,
    );
  return id;
}

/** `getent` knows what `/etc/passwd` knows, and what a directory service does. */
function idOf(name: string, key: string): number | undefined {
  try {
    const table = key === "uid" ? "passwd" : "group";
    const line = execFileSync("getent", [table, name], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const id = Number(line.split(":")[2]);
    return Number.isSafeInteger(id) ? id : undefined;
  } catch {
    return undefined;
  }
}
