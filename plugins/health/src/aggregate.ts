import type { Gathered, IndicatorAnswer } from "@elpis/telemetry";
import type {
  HealthProbe,
  HealthReport,
  HealthStatus,
  HealthValue,
  IndicatorHealth,
  ProcessHealth,
} from "./types.ts";

/** What the master says of one process; the part that is needed. */
export interface KnownProcess {
  readonly name: string;
  readonly role: string;
  readonly index: number;
  readonly state: string;
  readonly silent?: boolean;
}

/** What is known of an application. */
export interface Facts {
  readonly gathered: Gathered<unknown>;
  /** Undefined: the master does not answer. */
  readonly processes: readonly KnownProcess[] | undefined;
  /** Undefined: all. */
  readonly probe: HealthProbe | undefined;
}

const PROBES: readonly HealthProbe[] = ["liveness", "readiness", "startup"];

/** How an application is. What is not known is not well, and nothing at all is not well either. */
export function aggregate({ gathered, processes, probe }: Facts): HealthReport {
  const indicators = byName(gathered, probe).filter((one) => counts(one.probes, probe));
  const absent = gathered.absent.map(({ from }) => title(from));
  const reasons = [
    ...processReasons(processes, probe),
    ...gathered.absent.map(({ from, error }) => `${title(from)} does not answer: ${error.message}`),
    ...(gathered.answers.length === 0 ? ["no process says how it is"] : []),
  ];
  const warnings: string[] = [];
  for (const one of indicators) {
    for (const { process, status, message } of one.processes) {
      if (status === "up") continue;
      const text = `${one.name} of ${process} is ${status}${message === undefined ? "" : `: ${message}`}`;
      (one.critical ? reasons : warnings).push(text);
    }
  }
  return {
    status: reasons.length === 0 ? "up" : "down",
    ...(probe !== undefined && { probe }),
    ...{ reasons, warnings, indicators, absent },
  };
}

function counts(probes: readonly HealthProbe[], probe: HealthProbe | undefined): boolean {
  return probe === undefined || probes.includes(probe);
}

/** For readiness one of each process is enough; for liveness whatever the master is at work on is well. */
function processReasons(
  processes: readonly KnownProcess[] | undefined,
  probe: HealthProbe | undefined,
): string[] {
  if (processes === undefined) return ["the master does not answer"];
  const own = processes.filter(({ role }) => role !== "master");
  const isReady = (one: KnownProcess): boolean => one.state === "ready" && one.silent !== true;
  const textOf = ({ name, index, state, silent }: KnownProcess): string =>
    `${name}.${index} is ${state}${silent === true ? " and silent" : ""}`;
  if (probe === undefined) return own.filter((one) => !isReady(one)).map(textOf);
  if (probe === "liveness") return own.filter(({ state }) => state === "failed").map(textOf);
  const names = [...new Set(own.map(({ name }) => name))];
  return names
    .filter((name) => !own.some((one) => one.name === name && isReady(one)))
    .map((name) => `no process ${name} is ready`);
}

function byName(
  { answers, failures }: Gathered<unknown>,
  probe: HealthProbe | undefined,
): IndicatorHealth[] {
  const names = new Map<string, { values: HealthValue[]; processes: ProcessHealth[] }>();
  const add = (name: string, from: IndicatorAnswer["from"], value: HealthValue): void => {
    const known = names.get(name) ?? { values: [], processes: [] };
    const { status, message, details, since, checkedAt, tookMs } = value;
    known.values.push(value);
    known.processes.push({
      process: title(from),
      status,
      ...(message !== undefined && { message }),
      ...(details !== undefined && { details }),
      ...(since !== undefined && { since }),
      ...(checkedAt !== undefined && { checkedAt }),
      ...(tookMs !== undefined && { tookMs }),
    });
    names.set(name, known);
  };
  for (const { name, from, value } of answers) add(name, from, readValue(value, probe));
  for (const { name, from, error } of failures) {
    add(name, from, { status: "down", probes: PROBES, message: error.message });
  }
  return [...names].map(([name, { values, processes }]) => ({
    name,
    status: worst(processes.map(({ status }) => status)),
    critical: values.some(({ critical }) => critical !== false),
    probes: PROBES.filter((probe) => values.some(({ probes }) => probes?.includes(probe))),
    processes,
  }));
}

/** What is no value of health is an ill one, for whatever it counts. */
function readValue(value: unknown, probe: HealthProbe | undefined): HealthValue {
  const { status, probes, critical, started, ...rest } = (value ?? {}) as Partial<HealthValue>;
  if (status !== "up" && status !== "down" && status !== "unknown") {
    return { status: "down", probes: PROBES, message: "it does not say how it is" };
  }
  const known = Array.isArray(probes) ? PROBES.filter((one) => probes.includes(one)) : [];
  const effective: readonly HealthProbe[] = known.length > 0 ? known : ["readiness"];
  const isStarting = probe === "startup" || !effective.some((one) => one !== "startup");
  // Startup asks whether it has ever been up.
  const now = isStarting && started === true ? "up" : status;
  return { ...textsOf(rest), status: now, probes: effective, critical: critical !== false };
}

function textsOf(value: Partial<HealthValue>): Partial<HealthValue> {
  const { message, ...rest } = value;
  return { ...rest, ...(typeof message === "string" && { message: message.slice(0, 500) }) };
}

function worst(all: readonly HealthStatus[]): HealthStatus {
  if (all.includes("down")) return "down";
  return all.includes("unknown") || all.length === 0 ? "unknown" : "up";
}

function title({ name, index }: { readonly name: string; readonly index: number }): string {
  return `${name}.${index}`;
}
