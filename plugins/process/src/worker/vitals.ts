import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import type { HubClient } from "@elpis/core/internal";
import { HEARTBEAT_TOPIC } from "../control.ts";
import type { Vitals } from "../status.ts";
import { HttpCounts } from "./http-counts.ts";

/**
 * How often the delay of the event loop is measured, in milliseconds. Each measurement wakes the process, and that is what
 * it costs an idle one: of a slow processor 6 ms a second when it is done each 10 ms, 2 ms at 50 ms, 1 ms at 100 ms. A timer
 * in JavaScript costs twice that.
 */
const SLOWEST_MEASURE_MS = 100;
const FASTEST_MEASURE_MS = 10;
/** How many measurements an interval should have. */
const MEASURES = 10;

/** Measures how well this process is. */
class VitalsMeter {
  readonly #http = new HttpCounts();
  readonly #uncaught: () => number;
  readonly #resolutionMs: number;
  readonly #delay: IntervalHistogram;
  readonly #intervalMs: number;
  #readAtMs = performance.now();
  #loop = performance.eventLoopUtilization();

  /** Begins to measure, to be read each `intervalMs`. `uncaught` counts the errors that nobody caught. */
  constructor(intervalMs: number, uncaught: () => number) {
    this.#uncaught = uncaught;
    this.#intervalMs = intervalMs;
    const wanted = Math.round(intervalMs / MEASURES);
    this.#resolutionMs = Math.min(SLOWEST_MEASURE_MS, Math.max(FASTEST_MEASURE_MS, wanted));
    this.#delay = monitorEventLoopDelay({ resolution: this.#resolutionMs });
    this.#delay.enable();
    this.#http.install();
  }

  /** What was measured since the last call. */
  read(): Vitals {
    const loop = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(loop, this.#loop);
    this.#loop = loop;
    const { used_heap_size: heapUsedBytes, heap_size_limit: heapLimitBytes } = getHeapStatistics();
    const loopDelayMs = {
      p99: this.#lateMs(this.#delay.percentile(99)),
      max: Math.max(this.#lateMs(this.#delay.max), this.#ownDelayMs()),
    };
    this.#delay.reset();
    const { answered: requests, errors, open: openRequests } = this.#http;
    return {
      loopDelayMs,
      utilization: Math.round(utilization * 1000) / 1000,
      heapUsedBytes,
      heapLimitBytes,
      requests,
      errors,
      openRequests,
      uncaught: this.#uncaught(),
    };
  }

  /**
   * How late this reading is itself. Behind a turn that took long it may come before Node has measured that, and the next
   * reading knows nothing of it: after a reset Node leaves its first measurement out.
   */
  #ownDelayMs(): number {
    const now = performance.now();
    const lateMs = now - this.#readAtMs - this.#intervalMs;
    this.#readAtMs = now;
    return Math.max(0, Math.round(lateMs * 10) / 10);
  }

  /** Node measures from one timer to the next; only what is beyond the pause between them is delay. */
  #lateMs(nanoseconds: number): number {
    const lateMs = nanoseconds / 1e6 - this.#resolutionMs;
    return Math.max(0, Math.round(lateMs * 10) / 10);
  }
}

/** Tells the master each `intervalMs` that the event loop of this process turns. */
export function startHeartbeat(
  client: HubClient,
  intervalMs: number,
  uncaught: () => number,
): void {
  const meter = new VitalsMeter(intervalMs, uncaught);
  let isUnderWay = false;
  const beat = (): void => {
    // While the master does not take them, older ones would only be in the way of the next.
    if (isUnderWay) return;
    isUnderWay = true;
    const sent = client.emit(HEARTBEAT_TOPIC, meter.read(), { to: { role: "master" } });
    // One that is lost is missed by the master, and by nobody here.
    void sent
      .catch(() => {})
      .then(() => {
        isUnderWay = false;
      });
  };
  setInterval(beat, intervalMs).unref();
}
