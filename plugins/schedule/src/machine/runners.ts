import { type Location, matches, type PeerChange, type PeerInfo } from "@elpis/api";
import type { Moment } from "./timetable.ts";
import { type Holder, type Identity, isSame, titleOf, type Wanted } from "./work.ts";

/** How long a peer that did not claim what it was told of comes last, in milliseconds. */
const AVOID_MS = 30_000;

interface Peer {
  info: PeerInfo;
  /** Tasks that it has a function for. */
  tasks: ReadonlySet<string>;
  /** When it was last given something; those that had nothing for longest come first. */
  turn: number;
  avoidUntilMs: number;
}

/** The processes of the application, and which tasks they can run. */
export class Runners {
  readonly #peers = new Map<number, Peer>();
  #turn = 0;

  /** Something has changed among the peers of the hub. */
  see({ type, peer }: PeerChange): void {
    if (type === "left") this.#peers.delete(peer.id);
    else this.#of(peer).info = peer;
  }

  /** A peer says what it can run: this, and nothing else. */
  offer(from: Location, tasks: Iterable<string>): void {
    // What it has heard of readiness comes by another way, perhaps later.
    this.#of({ ...from, ready: false }).tasks = new Set(tasks);
  }

  /** The processes that have a task, by title. */
  titles(task: string): readonly string[] {
    return this.#having(task).map(({ info }) => titleOf(info));
  }

  /** Names of processes of which one has the task. */
  names(task: string): ReadonlySet<string> {
    return new Set(this.#having(task).map(({ info }) => info.name));
  }

  /** Those that could run the task now. */
  ready(task: string, to: Wanted["to"]): readonly Holder[] {
    return this.#having(task)
      .filter(({ info }) => info.ready && matches(to, info))
      .map(holder);
  }

  isThere(identity: Identity): boolean {
    return [...this.#peers.values()].some(({ info }) => isSame(info, identity));
  }

  /** Whether a process of that name takes work. */
  hasReady(name: string): boolean {
    return [...this.#peers.values()].some(({ info }) => info.ready && info.name === name);
  }

  avoid(peerId: number, now: Moment): void {
    const peer = this.#peers.get(peerId);
    if (peer !== undefined) peer.avoidUntilMs = now.monoMs + AVOID_MS;
  }

  /** The least busy of those that may run it; of equals the one whose last turn is longest ago. */
  pick(
    task: string,
    { to, name, target }: Wanted,
    busy: (peerId: number) => number,
    now: Moment,
  ): Holder | undefined {
    const able = this.#having(task).filter(
      ({ info }) =>
        info.ready &&
        matches(to, info) &&
        (name === undefined || info.name === name) &&
        (target === undefined || isSame(info, target)),
    );
    const rank = (peer: Peer): readonly number[] => [
      peer.avoidUntilMs > now.monoMs ? 1 : 0,
      busy(peer.info.id),
      peer.turn,
    ];
    const best = able.sort((one, other) => compare(rank(one), rank(other)))[0];
    if (best === undefined) return undefined;
    this.#turn += 1;
    best.turn = this.#turn;
    return holder(best);
  }

  #having(task: string): Peer[] {
    return [...this.#peers.values()].filter(({ tasks }) => tasks.has(task));
  }

  #of(info: PeerInfo): Peer {
    const found = this.#peers.get(info.id);
    if (found !== undefined) return found;
    const peer = { info, tasks: new Set<string>(), turn: 0, avoidUntilMs: 0 };
    this.#peers.set(info.id, peer);
    return peer;
  }
}

function holder({ info }: Peer): Holder {
  const { id, name, index, epoch, pid } = info;
  return { peerId: id, identity: { name, index, epoch, pid } };
}

function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, place) => value !== other[place]);
  return at < 0 ? 0 : (one[at] as number) - (other[at] as number);
}
