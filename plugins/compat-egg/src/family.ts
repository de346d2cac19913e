import { type Client, hasCode, type Off, type PeerInfo } from "@elpis/api";
import type { EggReady } from "./contract.ts";

const STATUS_TOPIC = "elpis.status";
/** How long to wait before the master is asked again whether the application has started, in milliseconds. */
const ASK_AGAIN_MS = 1000;

/** As much of what a master says of its application as is needed here. */
interface StatusPart {
  readonly state?: unknown;
  readonly dir?: string;
  readonly processes?: readonly { readonly role: string }[];
}

/** What {@link Family} tells of. */
export interface FamilyListener {
  /** Something about the processes has changed; at most once in a turn. */
  onChange(): void;
  /** The whole application has started, and this process is ready. Called once. */
  onStarted(ready: EggReady): void;
}

/** The agent and the app workers of an application, as one of them sees them. */
export class Family {
  readonly #hub: Client;
  readonly #listener: FamilyListener;
  readonly #peers = new Map<number, PeerInfo>();
  readonly #end: Off;
  #isStarted = false;
  #isAsking = false;
  #isClosed = false;
  #isLooking = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(hub: Client, listener: FamilyListener) {
    this.#hub = hub;
    this.#listener = listener;
    this.#end = hub.watchPeers(({ type, peer }) => {
      if (type === "left") this.#peers.delete(peer.id);
      else this.#peers.set(peer.id, peer);
      this.#lookLater();
    });
  }

  get isStarted(): boolean {
    return this.#isStarted;
  }

  get agents(): PeerInfo[] {
    return this.#of("agent");
  }

  get workers(): PeerInfo[] {
    return this.#of("worker");
  }

  /** The agent or worker with that process id, where it has been seen. */
  find(pid: number): PeerInfo | undefined {
    return [...this.agents, ...this.workers].find((peer) => peer.pid === pid);
  }

  close(): void {
    this.#isClosed = true;
    this.#end();
    clearTimeout(this.#timer);
  }

  #of(role: "agent" | "worker"): PeerInfo[] {
    const { app } = this.#hub.location;
    const found = [...this.#peers.values()].filter(
      (peer) => peer.role === role && peer.app === app,
    );
    return found.sort((one, other) => one.id - other.id);
  }

  /** Changes that come together are looked at together, and after whatever was told before them. */
  #lookLater(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    setImmediate(() => {
      this.#isLooking = false;
      if (this.#isClosed) return;
      this.#listener.onChange();
      this.#askSoon();
    });
  }

  /** At once when all that are there are ready; in between from time to time, because one of them may never be. */
  #askSoon(): void {
    if (!this.#mayAsk) return;
    if ([...this.agents, ...this.workers].every(({ ready }) => ready)) void this.#askNow();
    else this.#askLater();
  }

  get #mayAsk(): boolean {
    const isOwnReady = this.#peers.get(this.#hub.location.id)?.ready === true;
    return isOwnReady && !this.#isStarted && !this.#isAsking && !this.#isClosed;
  }

  #askLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#mayAsk) void this.#askNow();
    }, ASK_AGAIN_MS);
    this.#timer.unref();
  }

  async #askNow(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isAsking = true;
    const ready = await this.#ask();
    this.#isAsking = false;
    if (this.#isClosed) return;
    if (ready === undefined) return this.#askLater();
    this.#isStarted = true;
    this.#listener.onStarted(ready);
  }

  /** What the master says once the application has started; undefined before. */
  async #ask(): Promise<EggReady | undefined> {
    try {
      const answer: unknown = await this.#hub.request(STATUS_TOPIC, {}, { to: { role: "master" } });
      const { state, dir, processes = [] } = (answer ?? {}) as StatusPart;
      if (state === "starting") return undefined;
      const workers = processes.filter(({ role }) => role === "worker").length;
      return { ...(dir !== undefined && { baseDir: dir }), workers };
    } catch (error) {
      // A hub whose master supervises nobody: then nobody else is waited for.
      return hasCode(error, "ELPIS_HUB_NO_RESPONDER") ? {} : undefined;
    }
  }
}
