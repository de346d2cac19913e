import {
  type Client,
  definePlugin,
  type Logger,
  type Off,
  type PluginHost,
  reporters,
  type SpanRecord,
} from "@elpis/api";
import { createReporterHost, createStore, metricsStore, type Store } from "@elpis/telemetry";
import { startTestHub, type TestHub, type TestLocation } from "@elpis/testing";
import { onTestFinished } from "vitest";
import { keep } from "../../src/keeper/keeper.ts";
import { type KeepingOptions, keeperOptions } from "../../src/keeper/keeper-options.ts";
import type { OwnTopics, SpanBatch } from "../../src/topics.ts";

const log: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };

/** A hub whose master keeps traces, and hands them to a reporter. */
export interface KeepingHub {
  readonly test: TestHub;
  readonly store: Store;
  /** What was reported. */
  readonly reported: SpanRecord[];
  readonly master: Client<OwnTopics>;
  join(location?: TestLocation): Promise<Client<OwnTopics>>;
}

/** Nobody keeps traces there: the test says who does. */
export async function startHub(): Promise<TestHub> {
  const test = await startTestHub({ listen: false, log });
  onTestFinished(() => test.close());
  return test;
}

export async function startKeepingHub(options: KeepingOptions): Promise<KeepingHub> {
  const reported: SpanRecord[] = [];
  const store = createStore();
  const reporting = createReporterHost({ createReader: () => ({ read: () => [] }), log });
  const open = () => ({
    wants: { signals: ["spans" as const], intervalMs: 100 },
    report: async ({ spans }: { readonly spans: readonly SpanRecord[] }) => {
      reported.push(...spans);
    },
  });
  reporting.add({ name: "test", kind: "test", open, own: {}, use: {} });
  const keeper = definePlugin({
    name: "keeper",
    roles: ["master"],
    wants: [reporters, metricsStore],
    setup: (host) => void keep(host, keeperOptions(options)),
  });
  const test = await startTestHub({
    ...{ listen: false, log },
    plugins: [keeper()],
    given: [
      { token: reporters, value: reporting },
      { token: metricsStore, value: store },
    ],
  });
  onTestFinished(async () => {
    await test.close();
    await reporting.close();
  });
  return {
    ...{ test, store, reported },
    master: test.hub.client as unknown as Client<OwnTopics>,
    join: (location) => test.join<OwnTopics>(location),
  };
}

/** What a plugin sees of its process, for peers of a test hub, which run no plugins. */
export class PeerHost implements PluginHost {
  readonly hub: Client;
  readonly log: Logger = log;
  readonly location: Client["location"];
  readonly signal: AbortSignal = new AbortController().signal;
  readonly #closing: Array<() => unknown> = [];

  constructor(client: Client) {
    this.hub = client;
    this.location = client.location;
  }

  get(): never {
    throw new Error("nothing is provided");
  }

  find(): undefined {}

  provide(): void {}

  every(intervalMs: number, task: () => unknown): Off {
    const timer = setInterval(task, intervalMs);
    const off = (): void => clearInterval(timer);
    this.onClose(off);
    return off;
  }

  onReady(): void {}

  onClose(task: () => unknown): void {
    this.#closing.push(task);
  }

  async close(): Promise<void> {
    for (const task of this.#closing.splice(0).reverse()) await task();
  }
}

/** Sends what a process tells. */
export function tell(client: Client<OwnTopics>, batch: Partial<SpanBatch>): Promise<null> {
  const whole = { seq: 1, spans: [], open: [], lost: 0, ...batch };
  return client.request("elpis.trace.spans", whole);
}
