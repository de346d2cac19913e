import type { Location, Off, PeerChange, PeerInfo, Selector } from "@elpis/api";
import { matches } from "@elpis/api";

interface Watcher {
  readonly selector: Selector | undefined;
  readonly listener: (change: PeerChange) => void;
}

/** The peers that this one has been told of. */
export class PeerBook {
  readonly #locations = new Map<number, Location>();
  readonly #ready = new Set<number>();
  readonly #watchers = new Set<Watcher>();
  readonly #onError: (error: unknown) => void;
  #complete = false;

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

  /** The whole list has come: to watchers all of it is new, whoever was introduced before. */
  begin(peers: readonly PeerInfo[]): void {
    this.#complete = true;
    this.#locations.clear();
    this.#ready.clear();
    for (const { ready, ...location } of peers) this.put(location, ready);
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
    const watcher: Watcher = { listener, selector };
    this.#watchers.add(watcher);
    if (this.#complete) {
      for (const location of [...this.#locations.values()]) {
        this.#call(watcher, { type: "joined", peer: this.#info(location) });
      }
    }
    return () => this.#watchers.delete(watcher);
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

  #call({ listener, selector }: Watcher, change: PeerChange): void {
    if (!matches(selector, change.peer)) return;
    try {
      listener(change);
    } catch (error) {
      this.#onError(error);
    }
  }
}
