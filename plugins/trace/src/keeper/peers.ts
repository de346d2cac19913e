import type { PeerInfo, PluginHost } from "@elpis/api";
import type { Moment, Source } from "./contract.ts";
import type { Traces } from "./traces.ts";

/** The processes of the application, as the hub tells of them. */
export class Peers {
  readonly #host: PluginHost;
  readonly #traces: Traces;
  readonly #moment: () => Moment;
  readonly #live = new Map<number, PeerInfo>();
  #hasSuccessor = false;

  constructor(host: PluginHost, traces: Traces, moment: () => Moment) {
    this.#host = host;
    this.#traces = traces;
    this.#moment = moment;
  }

  /**
   * Tells of processes that come and go, until the plugin closes.
   *
   * @param onSuccessor called when an agent that was started later is ready, once
   */
  watch(onSuccessor: (successor: PeerInfo) => void): void {
    const off = this.#host.hub.watchPeers(({ type, peer }) => {
      // Those from outside have no plugins.
      if (peer.role === "peer") return;
      if (type === "left") return this.#left(peer);
      this.#there(peer);
      if (this.#hasSuccessor || !peer.ready || !this.#isSuccessor(peer)) return;
      this.#hasSuccessor = true;
      onSuccessor(peer);
    });
    this.#host.onClose(off);
  }

  /** Of processes that another keeper knew, some may have ended before this one was there. */
  check(sources: readonly Source[]): void {
    // Nothing is known yet.
    if (this.#live.size === 0) return;
    for (const source of sources) {
      if (!this.#isLive(source)) this.#traces.processGone(source, this.#moment());
    }
  }

  #isSuccessor({ role, name, index, epoch }: PeerInfo): boolean {
    const own = this.#host.location;
    return role === own.role && name === own.name && index === own.index && epoch > own.epoch;
  }

  #there(peer: PeerInfo): void {
    this.#live.set(peer.id, peer);
    this.#traces.processHere(peer);
  }

  #left(peer: PeerInfo): void {
    this.#live.delete(peer.id);
    // One that has connected anew may be told to be there before its former connection is told to have ended.
    if (!this.#isLive(peer)) this.#traces.processGone(peer, this.#moment());
  }

  #isLive({ name, index, epoch, pid }: Source): boolean {
    for (const peer of this.#live.values()) {
      if (peer.pid !== pid || peer.epoch !== epoch) continue;
      if (peer.name === name && peer.index === index) return true;
    }
    return false;
  }
}
