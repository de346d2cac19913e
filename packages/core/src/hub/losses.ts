import { emptyFrame, Kind, setRemaining, setSource } from "@elpis/protocol";
import type { Notices } from "./notices.ts";
import type { Peer } from "./peer.ts";

/** How long losses are gathered before their sender is told, in milliseconds. */
const GATHER_MS = 50;

/** Events that were lost because too much waited, until those who sent them have been told. */
export class Losses {
  readonly #notices: Notices;
  /** By sender, receiver and topic number. */
  #untold = new Map<Peer, Map<Peer, Map<number, number>>>();
  #since = 0;

  constructor(notices: Notices) {
    this.#notices = notices;
  }

  get hasUntold(): boolean {
    return this.#untold.size > 0;
  }

  add(sender: Peer, receiver: Peer, topic: number, nowMs: number): void {
    if (this.#untold.size === 0) this.#since = nowMs;
    let receivers = this.#untold.get(sender);
    if (receivers === undefined) {
      receivers = new Map();
      this.#untold.set(sender, receivers);
    }
    let topics = receivers.get(receiver);
    if (topics === undefined) {
      topics = new Map();
      receivers.set(receiver, topics);
    }
    topics.set(topic, (topics.get(topic) ?? 0) + 1);
  }

  /** Tells everybody, when it is time. */
  tell(nowMs: number): void {
    if (this.#untold.size === 0 || nowMs - this.#since < GATHER_MS) return;
    const untold = this.#untold;
    this.#untold = new Map();
    for (const [sender, receivers] of untold) {
      const numbers = numbersOf(sender);
      for (const [receiver, topics] of receivers) this.#tellOf(sender, receiver, topics, numbers);
    }
  }

  /** The peer is about to leave: it is not told any more, and the others are told what it lost while they can name it. */
  forget(peer: Peer): void {
    this.#untold.delete(peer);
    for (const [sender, receivers] of this.#untold) {
      const topics = receivers.get(peer);
      if (topics === undefined) continue;
      this.#tellOf(sender, peer, topics, numbersOf(sender));
      receivers.delete(peer);
      if (receivers.size === 0) this.#untold.delete(sender);
    }
  }

  #tellOf(
    sender: Peer,
    receiver: Peer,
    topics: ReadonlyMap<number, number>,
    numbers: ReadonlyMap<number, number>,
  ): void {
    this.#notices.introduce(receiver, sender);
    for (const [topic, count] of topics) {
      const route = numbers.get(topic);
      if (route === undefined) continue;
      const frame = emptyFrame(Kind.dropped, route);
      setSource(frame, 0, receiver.location.id);
      setRemaining(frame, 0, count);
      this.#notices.send(sender, frame);
    }
  }
}

/** By topic: the number that the sender has for it. It does not know the hub's. */
function numbersOf({ routes }: Peer): ReadonlyMap<number, number> {
  const numbers = new Map<number, number>();
  for (const [number, route] of routes.entries()) {
    if (route !== undefined) numbers.set(route.topic.id, number);
  }
  return numbers;
}
