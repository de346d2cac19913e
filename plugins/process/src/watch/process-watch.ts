import type { Logger } from "@elpis/api";
import type { ProcessDefinition } from "../config/types.ts";
import type { Vitals } from "../status.ts";
import { SYSTEM_CLOCK, type WatchClock } from "./clock.ts";
import {
  beginHeartbeats,
  type HeartbeatEvent,
  type HeartbeatPolicy,
  type HeartbeatState,
  heartbeatPolicy,
  stepHeartbeat,
  tickMsOf,
} from "./heartbeat-machine.ts";
import { type MemoryState, stepMemory } from "./memory-rule.ts";
import type { MemorySampler } from "./memory-sampler.ts";
import type { ProbeContext } from "./probe.ts";
import { startProbeLoop } from "./probe-loop.ts";

/** What is found out about a process. */
export type WatchVerdict =
  /** Its heartbeats stay away: it should get no more work. */
  | { readonly type: "silent" }
  /** They are there again. */
  | { readonly type: "responsive" }
  /** It is to be ended. `report` is what `examine` gave. */
  | { readonly type: "hung"; readonly report?: string }
  /** Its liveness probe has failed as often in a row as counts. */
  | { readonly type: "probe-failed"; readonly why: string }
  /** It is to be replaced without loss. Told once, and again after `rearm()`. */
  | { readonly type: "replace"; readonly cause: "memory-limit" | "max-age" | "max-requests" };

/** What is watched, and how. */
export interface ProcessWatchOptions {
  readonly definition: ProcessDefinition;
  readonly pid: number;
  readonly probe: ProbeContext;
  /** Shared by all watches of a master. */
  readonly memory: MemorySampler;
  readonly log: Logger;
  readonly onVerdict: (verdict: WatchVerdict) => void;
  /**
   * Begun when the process is silent, to find out what it does; `hung` is told when it is done. It gives the file with what
   * it found, and must take no longer than a fraction of a second.
   */
  readonly examine?: () => Promise<string | undefined>;
  /** @default the system's */
  readonly clock?: WatchClock;
  /** From 0 to 1, for a spread of ages. @default Math.random() */
  readonly random?: number;
}

/** How much less than `maxAge` a process may get, as a share. */
const AGE_SPREAD = 0.1;
const LONGEST_AGE_LOOK_MS = 1000;

/** Watches one process from its start to its end: heartbeats, its liveness probe, memory, age and requests. */
export class ProcessWatch {
  readonly #options: ProcessWatchOptions;
  readonly #clock: WatchClock;
  readonly #endings: (() => void)[] = [];
  readonly #policy: HeartbeatPolicy | undefined;
  #heartbeats: HeartbeatState | undefined;
  #vitals: Vitals | undefined;
  #memory: MemoryState | undefined;
  #examination: Promise<string | undefined> | undefined;
  #isReplaced = false;
  #isClosed = false;

  constructor(options: ProcessWatchOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    const { liveness, entry } = options.definition;
    // Other programs than Node know nothing of heartbeats.
    if (liveness !== false && entry !== undefined)
      this.#policy = heartbeatPolicy(liveness.intervalMs);
    this.#watchMemory();
    this.#watchAge();
  }

  /** What the process said last about itself. */
  get vitals(): Vitals | undefined {
    return this.#vitals;
  }

  /** A heartbeat has come. */
  beat(vitals: Vitals): void {
    if (this.#isClosed) return;
    this.#vitals = vitals;
    this.#feed("beat");
    const { maxRequests } = this.#options.definition;
    if (maxRequests !== undefined && vitals.requests >= maxRequests) this.#replace("max-requests");
  }

  /** The process is ready: from now on it is judged. Until then its `readyTimeout` rules. */
  ready(): void {
    const { definition, probe: context, onVerdict } = this.#options;
    if (this.#isClosed || this.#heartbeats !== undefined) return;
    this.#heartbeats = beginHeartbeats(this.#clock.now());
    if (this.#policy !== undefined) {
      const tickMs = tickMsOf(this.#policy.intervalMs);
      this.#endings.push(this.#clock.every(tickMs, () => this.#feed("tick")));
    }
    const probe = definition.liveness === false ? undefined : definition.liveness.probe;
    if (probe === undefined) return;
    const onFailed = (why: string): void => onVerdict({ type: "probe-failed", why });
    this.#endings.push(startProbeLoop({ probe, context, onFailed }));
  }

  /** The replacement did not come about: what asks for one may ask again. */
  rearm(): void {
    this.#isReplaced = false;
    this.#memory = undefined;
  }

  /** The process is gone, or was told to leave: nothing is told of it any more. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#endings.splice(0)) end();
  }

  #feed(event: HeartbeatEvent): void {
    if (this.#heartbeats === undefined || this.#policy === undefined) return;
    const now = this.#clock.now();
    const { state, verdict } = stepHeartbeat(this.#heartbeats, event, now, this.#policy);
    this.#heartbeats = state;
    if (verdict === "hung") void this.#tellHung();
    else if (verdict !== undefined) this.#options.onVerdict({ type: verdict });
    if (verdict === "silent" && !this.#isClosed) this.#examination = this.#examine();
  }

  async #examine(): Promise<string | undefined> {
    try {
      return await this.#options.examine?.();
    } catch (error) {
      this.#options.log.warn("a process that is silent could not be looked into", {
        process: this.#options.definition.name,
        pid: this.#options.pid,
        error: String(error),
      });
      return undefined;
    }
  }

  async #tellHung(): Promise<void> {
    const report = await this.#examination;
    if (this.#isClosed) return;
    this.#options.onVerdict({ type: "hung", ...(report !== undefined && { report }) });
  }

  #watchMemory(): void {
    const { definition, memory, pid } = this.#options;
    const { memoryLimit } = definition;
    if (memoryLimit === undefined) return;
    const look = (rssBytes: number): void => {
      const now = this.#clock.now();
      const { state, exceeded } = stepMemory(this.#memory, rssBytes, now, memoryLimit);
      this.#memory = state;
      if (exceeded) this.#replace("memory-limit");
    };
    this.#endings.push(memory.follow(pid, look));
  }

  #watchAge(): void {
    const { definition, random = Math.random() } = this.#options;
    if (definition.maxAgeMs === undefined) return;
    const ageMs = definition.maxAgeMs * (1 - AGE_SPREAD * random);
    const bornAt = this.#clock.now();
    const look = (): void => {
      if (this.#clock.now() - bornAt >= ageMs) this.#replace("max-age");
    };
    // Not one long timer: Node's end at 24 days.
    this.#endings.push(this.#clock.every(Math.min(ageMs, LONGEST_AGE_LOOK_MS), look));
  }

  #replace(cause: "memory-limit" | "max-age" | "max-requests"): void {
    // One that is not ready yet cannot be replaced without loss, and is judged by its `readyTimeout`.
    if (this.#isReplaced || this.#isClosed || this.#heartbeats === undefined) return;
    this.#isReplaced = true;
    this.#options.onVerdict({ type: "replace", cause });
  }
}
