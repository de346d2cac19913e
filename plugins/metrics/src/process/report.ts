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
  readonly take: ((delta: Delta) => DeltaAnswer) | undefined;
}

/** Reports what changes in a store, until the plugin closes. */
export function report({ host, store, intervalMs, take }: Reporting): DeltaSender {
  const { hub, log } = host;
  const send = (delta: Delta): Promise<DeltaAnswer> =>
    hub.request("elpis.telemetry.delta", delta, { timeoutMs: SEND_MS }).catch((error: unknown) => {
      throw asItWas(error);
    }) as Promise<DeltaAnswer>;
  const sender = createDeltaSender({
    store,
    send: take === undefined ? send : async (delta) => take(delta),
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

/** A code of ours does not cross processes as the code of an error; what it says is of use to the sender. */
function asItWas(error: unknown): unknown {
  const { details } = (error ?? {}) as {
    readonly details?: { readonly remote?: { readonly code?: unknown } };
  };
  if (details?.remote?.code !== "ELPIS_TELEMETRY_BAD_DELTA") return error;
  return Object.assign(new Error((error as Error).message, { cause: error }), {
    code: details.remote.code,
  });
}
