import { kindOf } from "@elpis/protocol";
import type { Route, Topic } from "./directory.ts";
import type { Peer } from "./peer.ts";

/** A message for somebody who is not there yet. */
export interface Kept {
  /** Its number among the calls. */
  readonly number: number;
  readonly sender: Peer;
  readonly route: Route;
  readonly frame: Buffer;
  /** When its sender stops waiting, on the hub's clock, in milliseconds; 0: never. */
  readonly deadlineMs: number;
  /** What followed it on the same call. */
  readonly followers: Buffer[];
  /** The version of the topic for which it was last looked whether somebody is there. */
  version: number;
}

/** Keeps topics from being forgotten. */
export interface TopicKeeper {
  retain(topic: Topic): void;
  release(topic: Topic): void;
}

/** What may follow a call that nobody has taken: no more than a client sends unasked. */
const MAX_FOLLOWERS = 4;

/** Messages for those who are not there yet, in the order in which they came; bounded. */
export class WaitingRoom {
  readonly #kept = new Map<number, Kept>();
  readonly #maxCount: number;
  readonly #maxBytes: number;
  readonly #topics: TopicKeeper;
  #bytes = 0;

  constructor(maxCount: number, maxBytes: number, topics: TopicKeeper) {
    this.#maxCount = maxCount;
    this.#maxBytes = maxBytes;
    this.#topics = topics;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Whether there is room for a frame of so many bytes. */
  hasRoom(bytes: number): boolean {
    return this.#kept.size < this.#maxCount && this.#bytes + bytes <= this.#maxBytes;
  }

  add(kept: Kept): void {
    this.#kept.set(kept.number, kept);
    // The route may get another meaning meanwhile.
    this.#topics.retain(kept.route.topic);
    this.#bytes += kept.frame.length;
  }

  /** Something more on a call that waits; whether it was kept. */
  follow(number: number, frame: Buffer): boolean {
    const kept = this.#kept.get(number);
    if (kept === undefined || kept.followers.length >= MAX_FOLLOWERS) return false;
    kept.followers.push(frame);
    return true;
  }

  remove(number: number): void {
    const kept = this.#kept.get(number);
    if (kept === undefined) return;
    this.#kept.delete(number);
    this.#bytes -= kept.frame.length;
    this.#topics.release(kept.route.topic);
  }

  /** What kind of message waits under the number of a call; undefined when none does. */
  kindOf(number: number): number | undefined {
    const kept = this.#kept.get(number);
    return kept === undefined ? undefined : kindOf(kept.frame, 0);
  }

  /** All that wait; entries may be removed meanwhile. */
  all(): IterableIterator<Kept> {
    return this.#kept.values();
  }
}
