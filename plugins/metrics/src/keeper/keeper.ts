import {
  type Client,
  hasCode,
  type Off,
  type PeerInfo,
  type PluginHost,
  parseDuration,
  type Reporters,
} from "@elpis/api";
import {
  type Aggregator,
  type AggregatorOptions,
  createAggregator,
  type Delta,
  type DeltaAnswer,
  type MetricsReader,
  type Store,
} from "@elpis/telemetry";
import type { MetricsOptions } from "../options.ts";
import { remoteReader } from "../process/remote-reader.ts";
import type { MetricsTopics } from "../topics.ts";
import { observeKeeper } from "./observe.ts";
import { OwnSums } from "./own-sums.ts";
import { listGroups, listNames, pointsPage } from "./query.ts";
import { removeUnfinished } from "./replace-file.ts";
import { runReporters } from "./reporting.ts";
import { SnapshotFile } from "./snapshot-file.ts";

const DEFAULT_INTERVAL_MS = 5000;
/** Sums that were written longer ago are of another time. */
const MAX_AGE_MS = 86_400_000;

/** Merges what all processes report. */
export interface Keeper {
  readonly reader: MetricsReader;
  readonly reporters: Reporters;
  /** Takes what this process itself reports. */
  readonly take: (delta: Delta) => Promise<DeltaAnswer>;
}

/**
 * Begins to merge, and to answer those who ask, until the plugin closes.
 *
 * @param dir where sums are kept; undefined: nowhere
 */
export function keep(
  host: PluginHost,
  options: MetricsOptions,
  store: Store,
  dir: string | undefined,
): Keeper {
  const { hub, location, log } = host;
  const onProblem = (error: Error): void =>
    log.warn("sums of metrics cannot be kept", { error: error.message });
  const file =
    dir === undefined
      ? undefined
      : new SnapshotFile(dir, (isFinal) => aggregator.snapshot(isFinal), onProblem);
  if (dir !== undefined) removeUnfinished(dir);
  const restore = file?.read();
  const aggregator = begin(host, options, restore, () => file?.want());
  let isRetired = false;
  const isWanted = (): boolean => !isRetired;
  const own = new OwnSums({ aggregator, source: location, dir, isWanted, onProblem });
  own.restore(MAX_AGE_MS);
  host.onClose(() => file?.close(isWanted()));
  const client = hub as unknown as Client<MetricsTopics>;
  const offs = serve(client, aggregator);
  const reporting = runReporters(host, store, (query) => aggregator.createReader(query));
  follow(host, aggregator, () => {
    // Another one merges from now on: with two of them, each would tell a part of everything.
    isRetired = true;
    for (const off of offs) off();
    void reporting.close();
  });
  observeKeeper(store, aggregator, file?.counts);
  host.every(options.intervalMs ?? DEFAULT_INTERVAL_MS, () => {
    aggregator.expire();
    file?.wantNowAndThen();
  });
  const remote = remoteReader(hub);
  return {
    reporters: reporting.reporters,
    reader: {
      points: (query) => (isRetired ? remote.points(query) : aggregator.readPoints(query)),
    },
    take: (delta) => (isRetired ? client.request("elpis.telemetry.delta", delta) : own.take(delta)),
  };
}

function begin(
  { log }: PluginHost,
  { expireAfter }: MetricsOptions,
  restore: unknown,
  onMembers: () => void,
): Aggregator {
  const expireAfterMs = expireAfter === undefined ? undefined : parseDuration(expireAfter);
  const common: AggregatorOptions = {
    onMembers,
    ...(expireAfterMs !== undefined && { expireAfterMs }),
  };
  const { time } = (restore ?? {}) as { readonly time?: unknown };
  const age = typeof time === "number" ? Date.now() - time : Number.POSITIVE_INFINITY;
  if (restore === undefined || age > MAX_AGE_MS) return createAggregator(common);
  try {
    return createAggregator({ ...common, restore });
  } catch (error) {
    if (!hasCode(error, "ELPIS_TELEMETRY_BAD_SNAPSHOT")) throw error;
    log.warn("the sums that were kept cannot be read; they begin anew", {
      error: (error as Error).message,
    });
    return createAggregator(common);
  }
}

/** @param onSuccessor called when an agent that was started later is ready */
function follow(host: PluginHost, aggregator: Aggregator, onSuccessor: () => void): void {
  const { hub, location } = host;
  const isSuccessor = ({ role, epoch, name, index }: PeerInfo): boolean =>
    role === location.role &&
    name === location.name &&
    index === location.index &&
    epoch > location.epoch;
  let hasSuccessor = false;
  host.onClose(
    hub.watchPeers(({ type, peer }) => {
      // Those from outside have no plugins.
      if (peer.role === "peer") return;
      if (type === "left") aggregator.gone(peer);
      if (type === "joined") aggregator.expect(peer);
      if (type === "left" || hasSuccessor || !peer.ready || !isSuccessor(peer)) return;
      hasSuccessor = true;
      onSuccessor();
    }),
  );
}

function serve(client: Client<MetricsTopics>, aggregator: Aggregator): readonly Off[] {
  return [
    client.handle("elpis.telemetry.delta", (delta, { from }) => aggregator.take(from, delta)),
    client.handle("elpis.metrics.points", (query) => pointsPage(aggregator, query)),
    client.handle("elpis.metrics.list", (query) => listNames(aggregator, query)),
    client.handle("elpis.metrics.groups", () => listGroups(aggregator)),
  ];
}
