import { type Capability, capability } from "../capability.ts";
import type { Off } from "../client.ts";
import type { Batch } from "./batch.ts";
import type { ReporterDefinition, ReporterUse } from "./reporter.ts";

/** A reporter as it is handed to its host. */
export interface AddedReporter {
  readonly name: string;
  /** The name that its definition has. */
  readonly kind: string;
  readonly open: ReporterDefinition<unknown>["open"];
  /** The reporter's own options. */
  readonly own: unknown;
  /** What whoever picked it says besides. */
  readonly use: Omit<ReporterUse, "name">;
}

/** How a reporter is. */
export interface ReporterStatus {
  readonly name: string;
  readonly kind: string;
  /**
   * `opening`: cannot be made yet. `ok`: the last batch was taken, or there was none. `failing`: the last was not. `open`: several
   * were not, it is tried seldom. `stuck`: it does not come back from calls whose time is up. `closed`: it has ended.
   */
  readonly state: "opening" | "ok" | "failing" | "open" | "stuck" | "closed";
  readonly signals: readonly string[];
  readonly intervalMs: number;
  /** When a batch was last taken, in milliseconds since 1970. */
  readonly lastSuccess?: number;
  readonly lastError?: { readonly time: number; readonly code?: string; readonly message: string };
  /** What waits, and what is on its way, in items and about so many bytes. */
  readonly queued: { readonly items: number; readonly bytes: number };
  /** Items, since it was added. */
  readonly sent: number;
  readonly rejected: number;
  readonly dropped: number;
  /** Attempts that were made again. */
  readonly retries: number;
  /** How old the oldest that waits is, in milliseconds. */
  readonly lagMs: number;
}

/** What came of a sample. */
export interface ReporterTest {
  readonly name: string;
  readonly ok: boolean;
  readonly tookMs: number;
  readonly items: number;
  readonly rejected: number;
  /** What the backend, or the reporter, said. */
  readonly reason?: string;
  readonly code?: string;
}

/** Runs reporters. */
export interface Reporters {
  /** Opens a reporter and keeps it supplied. What is returned ends it, after what waits was sent once more. */
  add(reporter: AddedReporter): () => Promise<void>;
  /** Hands on what happens, to all reporters that want it; points are those of others, which are no part of what is merged. */
  take(happened: Partial<Pick<Batch, "points" | "spans" | "errors" | "events">>): void;
  status(): readonly ReporterStatus[];
  /** Sends a sample past the queue. @throws ELPIS_REPORTER_UNKNOWN */
  test(name: string): Promise<ReporterTest>;
  /** Called when somebody begins to want a signal, so that it need not be gathered for nobody. */
  onWanted(signal: "spans" | "errors" | "events", task: () => void): Off;
}

/** Provided in the master and in the agent by a plugin that keeps metrics; reporters run in whichever of them merges. */
export const reporters: Capability<Reporters> = capability<Reporters>("elpis.reporters");
