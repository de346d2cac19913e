import type { AnyTopics, Client, Location } from "@elpis/api";
import { connect, createHub, type Hub, type HubOptions, type WishedLocation } from "@elpis/core";
import { joinInMemory } from "@elpis/core/internal";
import { type TempDir, tempDir } from "./temp-dir.ts";

/** What a test hub may be told: as for a real one, but the folder is the test's own. */
export type TestHubOptions = Partial<Omit<HubOptions, "dir">>;

/** Who an in-memory peer is to be. What is left out is that of a worker, with the next free index of its name. */
export type TestLocation = Partial<Omit<Location, "id">>;

/** A real hub that leaves nothing behind. */
export interface TestHub extends AsyncDisposable {
  readonly hub: Hub;
  /** Adds a peer inside this process, over queues instead of a socket. The hub knows it, as ready, when this resolves. */
  join<Topics = AnyTopics>(location?: TestLocation): Promise<Client<Topics>>;
  /** Adds a peer over the hub's socket, with the full handshake. @throws as `connect` of `@elpis/core` */
  connect<Topics = AnyTopics>(location?: WishedLocation): Promise<Client<Topics>>;
  /**
   * Resolves when the hub has heard everything that its peers have said so far: a handler that was just registered can
   * then be asked by anyone.
   */
  settled(): Promise<void>;
  /** Closes every peer, then the hub, and removes its folder. Calling it again waits for the first call. */
  close(): Promise<void>;
}

/**
 * Starts a hub in a private temporary folder.
 *
 * @param options as for `createHub`. @default a hub with the name "test"
 * @throws as `createHub` of `@elpis/core`
 * @example
 * const test = await startTestHub();
 * const worker = await test.join({ name: "web" });
 * await test.close();
 */
export async function startTestHub(options: TestHubOptions = {}): Promise<TestHub> {
  const folder = await tempDir();
  try {
    const hub = await createHub({ name: "test", ...options, dir: folder.path });
    return new RunningTestHub(hub, folder, options);
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

class RunningTestHub implements TestHub {
  readonly hub: Hub;
  readonly #folder: TempDir;
  readonly #options: TestHubOptions;
  readonly #peers = new Set<Client>();
  readonly #nextIndex = new Map<string, number>();
  #closing: Promise<void> | undefined;

  constructor(hub: Hub, folder: TempDir, options: TestHubOptions) {
    this.hub = hub;
    this.#folder = folder;
    this.#options = options;
  }

  async join<Topics = AnyTopics>(location: TestLocation = {}): Promise<Client<Topics>> {
    const peer: Client = await joinInMemory(this.hub, this.#complete(location), this.#options.log);
    this.#keep(peer);
    peer.setReady(true);
    await peer.peers({ id: peer.location.id });
    return peer as unknown as Client<Topics>;
  }

  async connect<Topics = AnyTopics>(location: WishedLocation = {}): Promise<Client<Topics>> {
    const { path, secret } = this.hub;
    const { log } = this.#options;
    const peer = await connect({ path, secret, location, ...(log !== undefined && { log }) });
    this.#keep(peer);
    return peer as unknown as Client<Topics>;
  }

  async settled(): Promise<void> {
    // A peer's words arrive in order, so an answer to the last of them says that all have arrived.
    await Promise.all([this.hub.client, ...this.#peers].map((peer) => peer.peers({ id: 0 })));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #complete(location: TestLocation): Omit<Location, "id"> {
    const { role = "worker", name = role, pid = process.pid, epoch = 1 } = location;
    const index = location.index ?? this.#nextIndex.get(name) ?? 0;
    this.#nextIndex.set(name, index + 1);
    return { app: location.app ?? this.hub.name, role, name, index, pid, epoch };
  }

  #keep(peer: Client): void {
    this.#peers.add(peer);
    void peer.closed.then(() => this.#peers.delete(peer));
  }

  async #close(): Promise<void> {
    try {
      await Promise.all([...this.#peers].map((peer) => peer.close()));
      await this.hub.close();
    } finally {
      await this.#folder.remove();
    }
  }
}
