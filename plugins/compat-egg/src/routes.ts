import { type Client, hasCode, type PeerInfo } from "@elpis/api";
import { EarlyMessages } from "./early-messages.ts";
import { unknownPid } from "./errors.ts";
import type { Family } from "./family.ts";

/** What the hub calls an action. */
export const TOPIC_PREFIX = "elpis.egg:";
const RELOAD_TOPIC = "elpis.reload";
/** How long somebody who is not there yet is waited for, in milliseconds. */
const WAIT_MS = 10_000;
/** For what ends by itself, however long it takes, as a reload of one process after another. */
const LONG_MS = 60 * 60 * 1000;

/** The ways that a message can go from this process. Each rejects when it cannot be sent. */
export class Routes {
  readonly #hub: Client;
  readonly #family: Family;
  readonly #early: EarlyMessages;

  constructor(hub: Client, family: Family) {
    this.#hub = hub;
    this.#family = family;
    this.#early = new EarlyMessages((id, action, data) => this.#deliver(id, action, data));
  }

  get isAgent(): boolean {
    return this.#hub.location.role === "agent";
  }

  async toAll(action: string, data: unknown): Promise<void> {
    const topic = TOPIC_PREFIX + action;
    const toAgent = this.isAgent
      ? this.#toSelf(action, data)
      : this.#hub.emit(topic, data, { to: this.#everyone("agent") });
    await Promise.all([this.toApp(action, data), toAgent]);
  }

  async toApp(action: string, data: unknown): Promise<void> {
    const topic = TOPIC_PREFIX + action;
    const toOthers = this.#family.isStarted
      ? this.#hub.emit(topic, data, { to: this.#everyone("worker") })
      : this.#early.send(action, data, this.#otherWorkers());
    const toSelf = this.isAgent ? undefined : this.#toSelf(action, data);
    await Promise.all([toOthers, toSelf]);
  }

  async toAgent(action: string, data: unknown): Promise<void> {
    if (this.isAgent) return this.#toSelf(action, data);
    const to = this.#everyone("agent");
    const topic = TOPIC_PREFIX + action;
    if (this.#family.agents.some(({ ready }) => ready)) return this.#hub.emit(topic, data, { to });
    // It starts, or starts again.
    await this.#hub.emit(topic, data, { to, absent: "wait", timeoutMs: WAIT_MS });
  }

  toOneApp(action: string, data: unknown): Promise<void> {
    return this.#hub.consume(TOPIC_PREFIX + action, data, {
      to: this.#everyone("worker"),
      balance: "random",
      absent: "wait",
      timeoutMs: WAIT_MS,
    });
  }

  toPid(pid: number | string, action: string, data: unknown): Promise<void> {
    const seen = this.#family.find(Number(pid));
    // At once where that can be, so that messages leave in the order in which they were sent.
    return seen === undefined
      ? this.#toUnseen(pid, action, data)
      : this.#toPeer(seen, action, data);
  }

  async #toUnseen(pid: number | string, action: string, data: unknown): Promise<void> {
    const present = await this.#present();
    const found = present.find((peer) => peer.pid === Number(pid));
    if (found === undefined) throw unknownPid(pid, pidsOf(present));
    await this.#toPeer(found, action, data);
  }

  async #toPeer(peer: PeerInfo, action: string, data: unknown): Promise<void> {
    const { id, pid, ready } = peer;
    if (id === this.#hub.location.id) return this.#toSelf(action, data);
    if (!ready) {
      const options = { to: { id }, absent: "wait", timeoutMs: WAIT_MS } as const;
      return this.#hub.emit(TOPIC_PREFIX + action, data, options);
    }
    if (await this.#deliver(id, action, data)) return;
    // It does not listen, which is its own affair, or it is gone.
    const present = await this.#present();
    if (!present.some((one) => one.id === id)) throw unknownPid(pid, pidsOf(present));
  }

  /** Agent and app workers as the hub knows them now. */
  async #present(): Promise<PeerInfo[]> {
    const peers = await this.#hub.peers({ app: this.#hub.location.app });
    return peers.filter(({ role }) => role === "agent" || role === "worker");
  }

  /** By way of the hub as well, so that this process gets a copy like all others, and in the same order. */
  async #toSelf(action: string, data: unknown): Promise<void> {
    const to = { id: this.#hub.location.id };
    try {
      await this.#hub.consume(TOPIC_PREFIX + action, data, { to, timeoutMs: LONG_MS });
    } catch (error) {
      if (!hasCode(error, "ELPIS_HUB_NO_RESPONDER")) throw error;
    }
  }

  async #deliver(id: number, action: string, data: unknown): Promise<boolean> {
    const options = { to: { id }, report: true } as const;
    const { accepted, dropped } = await this.#hub.emit(TOPIC_PREFIX + action, data, options);
    return accepted + dropped > 0;
  }

  async reload(): Promise<void> {
    const options = { to: { role: "master" }, timeoutMs: LONG_MS } as const;
    await this.#hub.request(RELOAD_TOPIC, {}, options);
  }

  #otherWorkers(): number[] {
    const own = this.#hub.location.id;
    return this.#family.workers.map(({ id }) => id).filter((id) => id !== own);
  }

  /** Sends again what was sent before the start, to those who have not got it. */
  replay(): Promise<void> {
    return this.#early.replay(this.#otherWorkers());
  }

  /** The application has started: nothing is kept for those who come later any more. */
  endEarly(): void {
    this.#early.clear();
  }

  #everyone(role: "agent" | "worker"): { readonly app: string; readonly role: typeof role } {
    return { app: this.#hub.location.app, role };
  }
}

function pidsOf(peers: readonly PeerInfo[]): number[] {
  return peers.map(({ pid }) => pid);
}
