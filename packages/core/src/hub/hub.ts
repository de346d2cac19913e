import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import type { Socket } from "node:net";
import type { AnyTopics, Client, Location, Logger, PluginUse, Role } from "@elpis/api";
import type { HubClient } from "../client/client.ts";
import { join as joinHub } from "../client/join.ts";
import { hubClosed, owned } from "../errors.ts";
import { bootPlugins, type RunningPlugins } from "../kernel/boot.ts";
import { endpointFile, writeEndpoint } from "../local/endpoint.ts";
import { type Lock, takeLock } from "../local/lock.ts";
import { checkName, ensurePrivateDir, runtimeBase, runtimeDir } from "../local/runtime-dir.ts";
import { createLogger } from "../logger.ts";
import { Ticker } from "../time/ticker.ts";
import { type Link, SocketLink } from "../wire/link.ts";
import { memoryLinks } from "../wire/memory-link.ts";
import type { Trust } from "./admission.ts";
import { Connection, type ConnectionHost } from "./connection.ts";
import type { RouterCounters } from "./counters.ts";
import { DEFAULT_LIMITS, type HubLimits } from "./limits.ts";
import { Listener, listenPath } from "./listener.ts";
import { type PeerStats, peerStats } from "./peer.ts";
import { Router } from "./router.ts";

const TICK_MS = 10;

export interface HubOptions {
  /** Name of the application: 1 to 64 letters, digits, `.`, `_`, `-`. */
  readonly name: string;
  /** Folder of the socket and the secret; made, and refused when others may enter it. @default runtimeDir(name) */
  readonly dir?: string;
  /** Whether peers from outside may join over a socket or pipe. @default true */
  readonly listen?: boolean;
  /** Who the process that hosts the hub is among its peers. @default the master */
  readonly location?: { role?: Role; name?: string; index?: number; epoch?: number };
  /** Plugins of this process. */
  readonly plugins?: readonly PluginUse[];
  readonly log?: Logger;
  readonly limits?: Partial<HubLimits>;
}

/** What a hub says about itself. */
export interface HubStats extends RouterCounters {
  readonly peers: PeerStats[];
  readonly openCalls: number;
  /** Connections that ended, by code. */
  readonly closes: Readonly<Record<string, number>>;
}

/** A running hub. */
export interface Hub<Topics = AnyTopics> {
  readonly name: string;
  readonly dir: string;
  /** Path of the socket or name of the pipe; empty when it does not listen. */
  readonly path: string;
  /** What a peer from outside has to know. Different for every start. */
  readonly secret: string;
  /** The peer of the process that hosts the hub. */
  readonly client: Client<Topics>;
  /**
   * Takes in a child over a socket that it inherited at spawn: who it is needs no proof. The child starts as not ready.
   * Returns its peer number; it becomes a peer when it speaks.
   */
  adopt(socket: Socket, location: Omit<Location, "id">): number;
  stats(): HubStats;
  /** Says goodbye to every peer and removes the socket. Calling it again waits for the first call. */
  close(): Promise<void>;
}

/**
 * Starts a hub in this process. Several may run beside each other, each with its own name and folder.
 * @throws ELPIS_HUB_BAD_NAME, ELPIS_HUB_UNSAFE_DIR, ELPIS_HUB_PATH_TOO_LONG, ELPIS_HUB_OWNED, ELPIS_PLUGIN_*
 * @example const hub = await createHub({ name: "shop" });
 */
export async function createHub<Topics = AnyTopics>(options: HubOptions): Promise<Hub<Topics>> {
  checkName(options.name);
  const hub = new RunningHub(options);
  try {
    await hub.open();
  } catch (error) {
    await hub.close();
    throw error;
  }
  return hub as unknown as Hub<Topics>;
}

class RunningHub implements Hub {
  readonly name: string;
  readonly dir: string;
  readonly secret: string = randomBytes(32).toString("base64url");
  readonly router: Router;
  path = "";
  readonly #options: HubOptions;
  readonly #limits: HubLimits;
  readonly #log: Logger;
  readonly #ticker: Ticker;
  readonly #connections = new Set<Connection>();
  readonly #closes: Record<string, number> = {};
  #client: HubClient | undefined;
  #plugins: RunningPlugins | undefined;
  #lock: Lock | undefined;
  #listener: Listener | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#log = options.log ?? createLogger({ level: "warn" });
    this.name = options.name;
    this.dir = options.dir ?? runtimeDir(options.name);
    this.router = new Router(this.#limits, performance.now());
    this.#ticker = new Ticker(TICK_MS, () => {
      this.router.expire(performance.now());
      return this.router.hasDeadlines;
    });
  }

  get client(): Client {
    return this.#client as HubClient;
  }

  async open(): Promise<void> {
    this.#client = await this.#joinOwnPeer();
    if (this.#options.listen !== false) await this.#listen();
    const { plugins = [] } = this.#options;
    this.#plugins = await bootPlugins({ plugins, client: this.#client, log: this.#log });
  }

  adopt(socket: Socket, location: Omit<Location, "id">): number {
    return this.attach(new SocketLink(socket), location);
  }

  /** {@link adopt} over any link. */
  attach(link: Link, location: Omit<Location, "id">): number {
    if (this.#closing !== undefined) {
      link.destroy();
      throw hubClosed("it was closed before the child was adopted");
    }
    const id = this.router.reserveId();
    this.#connect(link, { by: "parentage", location: { ...location, id } });
    return id;
  }

  stats(): HubStats {
    return {
      ...this.router.counters,
      peers: [...this.router.peers()].map(peerStats),
      openCalls: this.router.openCalls,
      closes: { ...this.#closes },
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  onActivity(): void {
    if (this.router.hasDeadlines) this.#ticker.want();
  }

  onClosed(connection: Connection, code: string): void {
    this.#connections.delete(connection);
    this.#closes[code] = (this.#closes[code] ?? 0) + 1;
  }

  async #joinOwnPeer(): Promise<HubClient> {
    const [ours, theirs] = memoryLinks();
    const { role = "master", name = "master", index = 0, epoch = 1 } = this.#options.location ?? {};
    const { pid } = process;
    const location = { id: this.router.reserveId(), app: this.name, role, name, index, pid, epoch };
    this.#connect(theirs, { by: "parentage", location });
    const client = await joinHub(ours, { log: this.#log });
    client.setReady(true);
    return client;
  }

  async #listen(): Promise<void> {
    if (this.#options.dir === undefined) ensurePrivateDir(runtimeBase());
    ensurePrivateDir(this.dir);
    const lock = takeLock(this.dir);
    if ("pid" in lock) throw owned(this.name, this.dir, lock.pid);
    this.#lock = lock;
    const listener = new Listener(listenPath(this.dir), this.#limits, {
      onSocket: (socket) => this.#onOutsider(socket),
      onError: (error) => this.#log.error("the hub's socket failed", { error: String(error) }),
    });
    this.#listener = listener;
    await listener.open();
    this.path = listener.path;
    const { name, path, secret } = this;
    writeEndpoint(this.dir, { name, pid: process.pid, path, secret });
  }

  #onOutsider(socket: Socket): void {
    const { secret, name: app } = this;
    const trust: Trust = { by: "secret", secret, app, id: this.router.reserveId() };
    const connection = this.#connect(new SocketLink(socket), trust, () =>
      this.#listener?.settled(),
    );
    connection.limitHandshake(this.#limits.handshakeTimeoutMs);
  }

  #connect(link: Link, trust: Trust, onSettled: () => void = () => {}): Connection {
    let isSettled = false;
    const settle = (): void => {
      if (!isSettled) onSettled();
      isSettled = true;
    };
    const host: ConnectionHost = {
      name: this.name,
      router: this.router,
      maxFrameBytes: this.#limits.maxFrameBytes,
      maxCalls: this.#limits.maxCallsPerPeer,
      onActivity: () => this.onActivity(),
      onAdmitted: settle,
      onClosed: (closed, code) => {
        settle();
        this.onClosed(closed, code);
      },
    };
    const connection = new Connection(host, link, trust);
    this.#connections.add(connection);
    return connection;
  }

  async #close(): Promise<void> {
    await this.#plugins?.close().catch((error: Error) => this.#log.error(error.message));
    this.#ticker.stop();
    await this.#client?.close();
    const open = [...this.#connections];
    for (const connection of open) connection.close("ELPIS_HUB_CLOSED", "the hub was closed");
    await this.#listener?.close();
    if (this.#lock !== undefined) rmSync(endpointFile(this.dir), { force: true });
    this.#lock?.release();
  }
}

/** A peer of `hub` inside this process, over queues instead of a socket. It starts as not ready. */
export function joinInMemory(
  hub: Hub,
  location: Omit<Location, "id">,
  log: Logger = createLogger({ level: "warn" }),
): Promise<HubClient> {
  const [ours, theirs] = memoryLinks();
  (hub as RunningHub).attach(theirs, location);
  return joinHub(ours, { log });
}
