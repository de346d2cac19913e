import type { Location, Off, PeerChange, PeerInfo, Selector } from "@elpis/api";
import { matches } from "@elpis/api";

interface Watcher {
  readonly selector: Selector | undefined;
  readonly listener: (change: PeerChange) => void;
  /** It was told who is there, so that it has to be told who is not any more. */
  isBriefed: boolean;
}

/** The peers that this one has been told of. */
export class PeerBook {
  readonly #locations = new Map<number, Location>();
  readonly #ready = new Set<number>();
  readonly #watchers = new Set<Watcher>();
  readonly #onError: (error: unknown) => void;
  #complete = false;
  /** What watchers know from before the connection was lost. */
  #before: Map<number, PeerInfo> | undefined;
  #isOtherHub = false;

  /** @param onError told of what a watcher throws; the others are told nevertheless */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Whether the hub tells every change, so that the book is whole. */
  get complete(): boolean {
    return this.#complete;
  }

  find(id: number): Location | undefined {
    return this.#locations.get(id);
  }

  /** The whole list has come. Watchers that know an earlier one are told what is different, the others all of it. */
  begin(peers: readonly PeerInfo[]): void {
    if (this.#complete) this.lost();
    const before = this.#before ?? new Map<number, PeerInfo>();
    const isOtherHub = this.#isOtherHub;
    this.#before = undefined;
    this.#isOtherHub = false;
    this.#locations.clear();
    this.#ready.clear();
    for (const { ready, ...location } of peers) {
      this.#locations.set(location.id, location);
      if (ready) this.#ready.add(location.id);
    }
    this.#complete = true;
    const changes = [...differences(isOtherHub ? undefined : before, before, peers)];
    for (const watcher of [...this.#watchers]) {
      if (watcher.isBriefed) for (const change of changes) this.#call(watcher, change);
      else this.#brief(watcher);
    }
  }

  /** The connection has ended: numbers mean nothing until the next list. Watchers are told with that one. */
  lost(): void {
    if (this.#complete) {
      const infos = [...this.#locations.values()].map((location) => this.#info(location));
      this.#before = new Map(infos.map((info) => [info.id, info]));
    }
    this.#complete = false;
    this.#locations.clear();
    this.#ready.clear();
  }

  /** It is another hub now, whose numbers are of its own: nobody of the former one is there any more. */
  otherHub(): void {
    this.#isOtherHub = true;
  }

  put(location: Location, ready: boolean): void {
    const { id } = location;
    const known = this.#locations.has(id);
    const changed = this.#ready.has(id) !== ready;
    if (!known) this.#locations.set(id, location);
    if (ready) this.#ready.add(id);
    else this.#ready.delete(id);
    if (!known) this.#tell("joined", location);
    else if (changed) this.#tell("changed", location);
  }

  remove(id: number): void {
    const location = this.#locations.get(id);
    if (location === undefined) return;
    this.#locations.delete(id);
    this.#tell("left", location);
    this.#ready.delete(id);
  }

  watch(listener: (change: PeerChange) => void, selector: Selector | undefined): Off {
    const watcher: Watcher = { listener, selector, isBriefed: false };
    this.#watchers.add(watcher);
    if (this.#complete) this.#brief(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #brief(watcher: Watcher): void {
    watcher.isBriefed = true;
    for (const location of [...this.#locations.values()]) {
      this.#call(watcher, { type: "joined", peer: this.#info(location) });
    }
  }

  #info(location: Location): PeerInfo {
    return { ...location, ready: this.#ready.has(location.id) };
  }

  #tell(type: PeerChange["type"], location: Location): void {
    // A peer that was only introduced is news to nobody: watchers begin with the whole list.
    if (!this.#complete) return;
    const change: PeerChange = { type, peer: this.#info(location) };
    for (const watcher of [...this.#watchers]) this.#call(watcher, change);
  }

  #call(watcher: Watcher, change: PeerChange): void {
    const { listener, selector } = watcher;
    // One that was ended by another, or by itself, is not told what comes after.
    if (!this.#watchers.has(watcher) || !matches(selector, change.peer)) return;
    try {
      listener(change);
    } catch (error) {
      this.#onError(error);
    }
  }
}

/**
 * What has changed from one list to the next: first who left.
 * @param kept the peers of the former list whose numbers still mean something
 */
function* differences(
  kept: ReadonlyMap<number, PeerInfo> | undefined,
  before: ReadonlyMap<number, PeerInfo>,
  peers: readonly PeerInfo[],
): Generator<PeerChange> {
  const now = new Set(kept === undefined ? [] : peers.map(({ id }) => id));
  for (const peer of before.values()) if (!now.has(peer.id)) yield { type: "left", peer };
  for (const peer of peers) {
    const known = kept?.get(peer.id);
    if (known === undefined) yield { type: "joined", peer };
    else if (known.ready !== peer.ready) yield { type: "changed", peer };
  }
}
