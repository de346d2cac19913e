import { hasCode, type PluginHost } from "@elpis/api";
import {
  createDeltaSender,
  type Delta,
  type DeltaAnswer,
  type DeltaSender,
  type Store,
} from "@elpis/telemetry";

/** How long a report may take, in milliseconds. */
const SEND_MS = 10_000;
/** How long the last one of a process may take. */
const LAST_MS = 1500;
/** What it means that nobody merges reports at this time: at a start, and while whoever does is replaced. */
const AWAY = ["ELPIS_HUB_NO_RESPONDER", "ELPIS_HUB_PEER_LOST", "ELPIS_HUB_CLOSED"];

/** What is to be reported, and to whom. */
export interface Reporting {
  readonly host: PluginHost;
  readonly store: Store;
  readonly intervalMs: number | undefined;
  /** Takes reports in this process; undefined: somebody else does. */
  readonly take: ((delta: Delta) => Promise<DeltaAnswer>) | undefined;
}

/** Reports what changes in a store, until the plugin closes. */
export function report({ host, store, intervalMs, take }: Reporting): DeltaSender {
  const { hub, log } = host;
  const send = (delta: Delta): Promise<DeltaAnswer> =>
    hub.request("elpis.telemetry.delta", delta, { timeoutMs: SEND_MS }) as Promise<DeltaAnswer>;
  const sender = createDeltaSender({
    store,
    send: take ?? send,
    // What this process keeps of itself is one whole.
    isWhole: take !== undefined,
    sendTimeoutMs: SEND_MS,
    ...(intervalMs !== undefined && { intervalMs }),
    onProblem: (error) => {
      const isAway = AWAY.some((code) => hasCode(error, code));
      log[isAway ? "debug" : "warn"]("a report of metrics was not taken; it is sent again", {
        error: error.message,
      });
    },
  });
  sender.start();
  if (take === undefined) {
    host.onClose(
      hub.watchPeers(({ type, peer }) => {
        const mayTake = peer.role === "agent" || peer.role === "master";
        if (type !== "left" && peer.ready && mayTake) sender.reconnected();
      }),
    );
  }
  host.onClose(() => sender.close(LAST_MS));
  return sender;
}
