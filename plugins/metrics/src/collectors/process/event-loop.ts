import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { Collector, Sample } from "../collector.ts";

/** How often the delay is measured, in milliseconds. Each measurement wakes the process. */
const RESOLUTION_MS = 50;
/** Node has no more than that before it says that it has nothing. */
const NOTHING = 9_000_000_000_000_000;

/** How late the event loop turns, and how much of its time it has work. */
export class EventLoop implements Collector {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #loop = performance.eventLoopUtilization();

  constructor() {
    this.#delay.enable();
  }

  read(): readonly Sample[] {
    const loop = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(loop, this.#loop);
    this.#loop = loop;
    const samples: Sample[] = [
      ["nodejs.eventloop.utilization", utilization],
      ["nodejs.eventloop.time", loop.active / 1000, { "nodejs.eventloop.state": "active" }],
      ["nodejs.eventloop.time", loop.idle / 1000, { "nodejs.eventloop.state": "idle" }],
      ...this.#delays(),
    ];
    this.#delay.reset();
    return samples;
  }

  #delays(): readonly Sample[] {
    const { min, max, mean } = this.#delay;
    // Between two measurements nothing may have been measured.
    if (min >= NOTHING || Number.isNaN(mean)) return [];
    const found = {
      ...{ min, max, mean },
      p50: this.#delay.percentile(50),
      p90: this.#delay.percentile(90),
      p99: this.#delay.percentile(99),
    };
    return Object.entries(found).map(([what, nanoseconds]) => [
      `nodejs.eventloop.delay.${what}`,
      lateSeconds(nanoseconds),
    ]);
  }

  close(): void {
    this.#delay.disable();
  }
}

/** Node measures from one timer to the next; only what is beyond the pause between them is delay. */
function lateSeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS) / 1000;
}
