import { randomBytes, randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import {
  type AnyTopics,
  type Capability,
  type Client,
  hubFigures,
  type Location,
  type Logger,
  type PluginUse,
  type Role,
} from "@elpis/api";
import type { HubClient } from "../client/client.ts";
import { join as joinHub } from "../client/join.ts";
import { serveConfig } from "../config/serve-config.ts";
import { hubClosed, owned } from "../errors.ts";
import { type JobBroker, type JobBrokerStats, serveJobs } from "../jobs/broker.ts";
import { bootPlugins, type GivenCapability, given, type RunningPlugins } from "../kernel/boot.ts";
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
import type { LatencyStats } from "./latency.ts";
import { DEFAULT_LIMITS, type HubLimits } from "./limits.ts";
import { Listener, listenPath } from "./listener.ts";
import type { PeerStats } from "./peer.ts";
import { Router, type RouterTables } from "./router.ts";

const TICK_MS = 10;
/** How often it is looked at who has not proved who it is. */
const SWEEP_MS = 50;
/** Peers of different runs are numbered from different multiples of the step. */
const ID_STEP = 4096;
const ID_RUNS = 2 ** 19;

export interface HubOptions {
  /** Name of the application: 1 to 64 letters, digits, `.`, `_`, `-`. */
  readonly name: string;
  /** Folder of the socket and the secret; made, and refused when others may enter it. @default runtimeDir(name) */
  readonly dir?: string;
  /**
   * Folder of the journal of durable jobs, for those that are to outlive a restart of the machine too.
   * @default `jobs` in `dir`, which many systems keep in memory
   */
  readonly jobsDir?: string;
  /** Whether peers from outside may join over a socket or pipe. @default true */
  readonly listen?: boolean;
  /** Who the process that hosts the hub is among its peers. @default the master */
  readonly location?: { role?: Role; name?: string; index?: number; epoch?: number };
  /** Plugins of this process. */
  readonly plugins?: readonly PluginUse[];
  /** What they may use besides what they provide to each other. */
  readonly given?: readonly GivenCapability[];
  readonly log?: Logger;
  readonly limits?: Partial<HubLimits>;
  /** For tests that want the same bytes each time: what this run is called, with peers numbered from 1. @default random */
  readonly run?: string;
}

/** What a hub says about itself. */
export interface HubStats extends RouterCounters {
  readonly peers: PeerStats[];
  readonly openCalls: number;
  /** What the hub keeps besides its peers; all 0 when nothing is under way. */
  readonly tables: RouterTables;
  /** How long calls took, from the caller's frame to the answer's. */
  readonly latency: LatencyStats;
  /** What the jobs count; undefined until the hub is up. */
  readonly jobs: JobBrokerStats | undefined;
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
  /**
   * Takes a peer out of rotation, whatever it says of itself, or back in: it counts as not ready, so that it gets no
   * calls but those that name it by its number. Nothing happens when there is no such peer.
   */
  setAside(peerId: number, isAside: boolean): void;
  /** What a plugin of this process provides; undefined: none does. */
  find<Value>(token: Capability<Value>): Value | undefined;
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
    await hub.close().catch(() => {});
    throw error;
  }
  return hub as unknown as Hub<Topics>;
}

class RunningHub implements Hub, ConnectionHost {
  readonly name: string;
  readonly dir: string;
  readonly secret: string = randomBytes(32).toString("base64url");
  readonly router: Router;
  readonly run: string;
  path = "";
  readonly #options: HubOptions;
  readonly #limits: HubLimits;
  readonly #log: Logger;
  readonly #ticker: Ticker;
  /** One timer for all who have to prove who they are. */
  readonly #sweeper = new Ticker(SWEEP_MS, () => this.#sweep());
  readonly #connections = new Set<Connection>();
  /** Those from outside that have not proved who they are. */
  readonly #outsiders = new Set<Connection>();
  readonly #closes: Record<string, number> = {};
  #client: HubClient | undefined;
  #plugins: RunningPlugins | undefined;
  readonly #locks: Lock[] = [];
  #jobs: JobBroker | undefined;
  #listener: Listener | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#log = options.log ?? createLogger({ level: "warn" });
    this.name = options.name;
    this.dir = options.dir ?? runtimeDir(options.name);
    this.run = options.run ?? randomBytes(9).toString("base64url");
    // A number from an earlier run must not name somebody else.
    const firstId = options.run === undefined ? 1 + ID_STEP * randomInt(ID_RUNS) : 1;
    this.router = new Router(this.#limits, performance.now(), { firstId });
    this.#ticker = new Ticker(TICK_MS, () => {
      this.router.tick(performance.now());
      return this.router.wantsTick;
    });
  }

  get maxFrameBytes(): number {
    return this.#limits.maxFrameBytes;
  }

  get maxCalls(): number {
    return this.#limits.maxCallsPerPeer;
  }

  get client(): Client {
    return this.#client as HubClient;
  }

  async open(): Promise<void> {
    const { listen = true } = this.#options;
    this.#client = await this.#joinOwnPeer();
    if (listen) this.#takeFolder();
    serveConfig(this.client);
    this.#jobs = await this.#serveJobs();
    if (listen) await this.#listen();
    const { plugins = [] } = this.#options;
    const [client, log] = [this.#client, this.#log];
    const figures = given(hubFigures, { read: () => this.stats() });
    const all = [figures, ...(this.#options.given ?? [])];
    this.#plugins = await bootPlugins({ plugins, client, log, given: all });
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

  setAside(peerId: number, isAside: boolean): void {
    this.router.setAside(peerId, isAside);
  }

  find<Value>(token: Capability<Value>): Value | undefined {
    return this.#plugins?.find(token);
  }

  stats(): HubStats {
    return {
      ...this.router.counters,
      peers: [...this.router.peers()].map((peer) => this.router.statsOf(peer)),
      openCalls: this.router.tables.calls,
      tables: this.router.tables,
      latency: this.router.latency,
      jobs: this.#jobs?.stats(),
      closes: { ...this.#closes },
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  onActivity(): void {
    if (this.router.wantsTick) this.#ticker.want();
  }

  onSettled(connection: Connection): void {
    if (this.#outsiders.delete(connection)) this.#listener?.settled();
  }

  onClosed(connection: Connection, code: string): void {
    this.#connections.delete(connection);
    this.#countClose(code);
  }

  #countClose(code: string): void {
    this.#closes[code] = (this.#closes[code] ?? 0) + 1;
  }

  async #joinOwnPeer(): Promise<HubClient> {
    const [ours, theirs] = memoryLinks();
    const { role = "master", name = "master", index = 0, epoch = 1 } = this.#options.location ?? {};
    const { pid } = process;
    const location = { id: this.router.reserveId(), app: this.name, role, name, index, pid, epoch };
    this.#connect(theirs, { by: "parentage", location, isHost: true });
    const client = await joinHub(ours, { log: this.#log });
    client.setReady(true);
    return client;
  }

  #takeFolder(): void {
    if (this.#options.dir === undefined) ensurePrivateDir(runtimeBase());
    ensurePrivateDir(this.dir);
    this.#locks.push(this.#lock(this.dir));
  }

  #lock(dir: string): Lock {
    const lock = takeLock(dir);
    if ("pid" in lock) throw owned(this.name, dir, lock.pid);
    return lock;
  }

  #serveJobs(): Promise<JobBroker> {
    const { jobsDir, listen = true } = this.#options;
    if (jobsDir !== undefined) {
      ensurePrivateDir(jobsDir);
      this.#locks.push(this.#lock(jobsDir));
    }
    const dir = jobsDir ?? (listen ? join(this.dir, "jobs") : undefined);
    const { maxFrameBytes } = this;
    return serveJobs(this.client, {
      ...(dir !== undefined && { dir }),
      log: this.#log,
      maxFrameBytes,
    });
  }

  async #listen(): Promise<void> {
    const listener = new Listener(listenPath(this.dir), this.#limits, {
      onSocket: (socket) => this.#onOutsider(socket),
      onRefused: (code) => this.#countClose(code),
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
    const connection = this.#connect(new SocketLink(socket), trust);
    this.#outsiders.add(connection);
    this.#sweeper.want();
  }

  /** Ends the connections that have not proved who they are in time; whether there are others. */
  #sweep(): boolean {
    const { handshakeTimeoutMs } = this.#limits;
    const now = performance.now();
    for (const connection of this.#outsiders) {
      // The oldest come first.
      if (!connection.closeIfLate(now, handshakeTimeoutMs)) break;
    }
    return this.#outsiders.size > 0;
  }

  #connect(link: Link, trust: Trust): Connection {
    const connection = new Connection(this, link, trust);
    this.#connections.add(connection);
    return connection;
  }

  async #close(): Promise<void> {
    try {
      await this.#end();
    } finally {
      for (const lock of this.#locks) lock.release();
    }
  }

  async #end(): Promise<void> {
    await this.#plugins?.close().catch((error: Error) => this.#log.error(error.message));
    this.#ticker.stop();
    this.#sweeper.stop();
    await this.#jobs?.close().catch((error: Error) => this.#log.error(error.message));
    await this.#client?.close();
    const open = [...this.#connections];
    for (const connection of open) connection.close("ELPIS_HUB_CLOSED", "the hub was closed");
    await this.#listener?.close();
    if (this.path !== "") rmSync(endpointFile(this.dir), { force: true });
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
