import type { Client, Duration, Selector, Size } from "@elpis/api";

/**
 * What it is asked for: `liveness` whether it is beyond help and has to be started again; `readiness` whether work may be
 * sent to it; `startup` whether it has been up once since its start.
 */
export type HealthProbe = "liveness" | "readiness" | "startup";

/** `unknown`: it was not looked at yet, or not for too long. Only `up` is well. */
export type HealthStatus = "up" | "down" | "unknown";

/** What an indicator of the group `health` answers. Anyone may add one with `indicators(hub)`. */
export interface HealthValue {
  readonly status: HealthStatus;
  /** Whether all is ill when this is. @default true */
  readonly critical?: boolean;
  /** What it counts for. @default ["readiness"] */
  readonly probes?: readonly HealthProbe[];
  /** Why it is not up. */
  readonly message?: string;
  /** Figures for a person; plain data. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Whether it has been up since the process started. */
  readonly started?: boolean;
  /** Since when it has this status, and when it was looked at last, in milliseconds since 1970. */
  readonly since?: number;
  readonly checkedAt?: number;
  /** How long the last look took, in milliseconds. */
  readonly tookMs?: number;
}

/** Figures that a check may give for a person. */
export type CheckDetails = Readonly<Record<string, unknown>>;

/** What a check has at hand. */
export interface CheckContext {
  readonly hub: Client;
  /** Aborted when its time is over. */
  readonly signal: AbortSignal;
}

/** Looks whether something is well: not when it throws, rejects, gives `false`, or takes too long. */
export type CheckFunction = (context: CheckContext) => CheckResult | Promise<CheckResult>;

/** Figures, or whether it is well; nothing at all means that it is. */
// biome-ignore lint/suspicious/noConfusingVoidType: functions that give nothing are meant too
export type CheckResult = CheckDetails | boolean | undefined | void;

/** Where a server listens: a port of this machine, `"host:port"`, or the path of a unix socket. */
export type Address = number | string;

/** How often something is looked at, and what follows. */
export interface CheckOptions {
  /** Whether the process is ill when this is. @default true */
  critical?: boolean;
  /** What it counts for. @default ["readiness"] */
  probes?: HealthProbe[];
  /** Pause between two looks; what was found is good for so long. @default "10s" */
  interval?: Duration;
  /** How long a look may take. @default "2s" */
  timeout?: Duration;
  /** How many failures in a row count. @default 1 */
  failures?: number;
  /** Names of the processes that look. @default the agent and all workers */
  processes?: string[];
}

/** What is looked at; exactly one of these. */
export type CheckTarget =
  /** Free space where this path lies: at least `minFree` bytes, or a share such as `"10%"`, which is the default. */
  | { disk: string; minFree?: Size }
  /** Something accepts connections. */
  | { tcp: Address }
  /** An answer below 400. */
  | { http: string }
  /** A server of MySQL or MariaDB lets clients in. `user` is who it is asked for; no password is sent. */
  | { mysql: Address; user?: string }
  /** A PostgreSQL server lets clients in. `user` and `database` are what it is asked for; no password is sent. */
  | { postgres: Address; user?: string; database?: string }
  /** A server of Redis or Valkey answers `PING`. */
  | { redis: Address }
  /** Somebody on the hub answers that request, with anything but an error or `false`. */
  | { hub: string; input?: unknown; to?: Selector }
  /** 99 of 100 turns of the event loop were no later than that since the last look. */
  | { loop: Duration }
  /** How much of its heap limit, from 0 to 1, and how much resident memory the process may use. */
  | { memory: { heap?: number; rss?: Size } }
  /** Whatever you like. */
  | { check: CheckFunction };

/** One thing that is looked at. */
export type HealthIndicator = CheckTarget & CheckOptions;

/** Options of {@link health}. */
export interface HealthOptions {
  /** What is looked at, by name. @default nothing but whether the processes answer */
  readonly indicators?: Readonly<Record<string, HealthIndicator>>;
  /**
   * Whether a worker takes no work while a critical indicator of readiness is not up. It is not ended for that, and
   * comes back by itself. @default false
   */
  readonly readiness?: boolean;
  /** How long the processes have to answer. @default "3s" */
  readonly timeout?: Duration;
}

/** What one process says of one indicator. */
export interface ProcessHealth {
  /** Such as `web.1`. */
  readonly process: string;
  readonly status: HealthStatus;
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly since?: number;
  readonly checkedAt?: number;
  readonly tookMs?: number;
}

/** One indicator over all processes. */
export interface IndicatorHealth {
  readonly name: string;
  /** `up` when it is in all of them. */
  readonly status: HealthStatus;
  readonly critical: boolean;
  readonly probes: readonly HealthProbe[];
  readonly processes: readonly ProcessHealth[];
}

/** How an application is. */
export interface HealthReport {
  readonly status: "up" | "down";
  /** Undefined: all of them. */
  readonly probe?: HealthProbe;
  /** Why it is down; empty when it is up. */
  readonly reasons: readonly string[];
  /** What is not well and not critical. */
  readonly warnings: readonly string[];
  readonly indicators: readonly IndicatorHealth[];
  /** Processes that did not answer, such as `web.1`. */
  readonly absent: readonly string[];
}
