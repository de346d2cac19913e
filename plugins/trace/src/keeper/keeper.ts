import { type Client, type Off, type PluginHost, reporters } from "@elpis/api";
import { metricsStore } from "@elpis/telemetry";
import { badBatch } from "../errors.ts";
import type { OwnTopics, RelayedBatch, SpanBatch } from "../topics.ts";
import type { Moment } from "./contract.ts";
import { handOver } from "./handover.ts";
import { isRelay } from "./incoming.ts";
import type { KeeperOptions } from "./keeper-options.ts";
import { observeTraces } from "./observe.ts";
import { Peers } from "./peers.ts";
import { Traces } from "./traces.ts";

/** How often it is looked which traces are due. */
const DECIDE_MS = 500;
/** How long a successor may take for a part of what it is told. */
const HAND_OVER_MS = 1500;

/** Keeps traces, in this process. */
export interface Keeper {
  /** Takes what this process itself tells; false: somebody else keeps traces by now. */
  readonly take: (batch: SpanBatch) => boolean;
}

/**
 * Begins to gather the spans of all processes and to keep traces, and to answer those who ask, until the plugin closes. Its
 * plugin wants `reporters` and `metricsStore`.
 */
export function keep(host: PluginHost, options: KeeperOptions): Keeper {
  const { hub, log } = host;
  const client = hub as unknown as Client<OwnTopics>;
  const reporting = host.find(reporters);
  let isWanted = false;
  const offWanted = reporting?.onWanted("spans", () => {
    isWanted = true;
  });
  if (offWanted !== undefined) host.onClose(offWanted);
  const traces = new Traces({
    ...options,
    // What comes after a number has to be new also to those who asked another keeper for it.
    seq: Date.now() * 1000,
    onKept: (kept) => {
      // All of a span is made only for those who want it.
      if (!isWanted) return;
      reporting?.take({ spans: kept.map((span) => span.record(span.process.point)) });
    },
  });
  let handing: Promise<void> | undefined;
  // Runs when nothing comes any more: what is registered last is closed first.
  host.onClose(() => (handing === undefined ? traces.decideAll(moment()) : handing));
  const offs: Off[] = [];
  const stop = (): void => {
    for (const off of offs.splice(0)) off();
  };
  host.onClose(stop);
  const peers = new Peers(host, traces, moment);
  offs.push(
    ...serve(client, traces, peers),
    host.every(DECIDE_MS, () => traces.decide(moment())),
  );
  peers.watch(({ id }) => {
    // Another one keeps traces from now on: with two of them, each would have a part of each trace.
    stop();
    const send = (batch: RelayedBatch): Promise<null> =>
      client.request("elpis.trace.spans", batch, {
        ...{ to: { id }, timeoutMs: HAND_OVER_MS },
        absent: "wait",
      });
    handing = handOver(traces.takeOut(), send).then(({ handed, lost, error }) => {
      traces.handedOver(handed, lost);
      if (error === undefined) return;
      log.warn("spans could not be handed over", { spans: lost, error: error.message });
    });
  });
  const store = host.find(metricsStore);
  if (store !== undefined) observeTraces(store, () => traces.stats());
  return {
    take: (batch) => {
      // Another one has taken over.
      if (offs.length === 0) return false;
      traces.take(hub.location, batch, moment(), true);
      return true;
    },
  };
}

function serve(client: Client<OwnTopics>, traces: Traces, peers: Peers): Off[] {
  return [
    client.handle("elpis.trace.spans", (batch, { from }) => {
      if (isRelay(batch)) {
        // Others would tell of processes that they are not.
        if (from.role !== "agent" && from.role !== "master") {
          throw badBatch("only an agent or a master hands over what others told");
        }
        peers.check(traces.takeRelayed(batch, moment()));
      } else traces.take(from, batch, moment());
      return null;
    }),
    client.handle("elpis.trace.list", (query) => traces.list(query)),
    client.handle("elpis.trace.get", (query) => traces.get(query)),
    client.handle("elpis.trace.stats", () => traces.stats()),
  ];
}

function moment(): Moment {
  return { now: performance.now(), time: Date.now() };
}
