// One-way traffic: the consumer's side counts and checks, and tells the producer's side how far it got, so that the
// figures are of messages that arrived and no peer is drowned that has no back-pressure of its own.
import { seqOf } from "./payloads.mjs";

const ACK_EVERY = 64;

/** What one consumer received. */
export class Sink {
  #id;
  #send;
  #producer = 0;
  #count = 0;
  #bad = 0;

  constructor(id, send) {
    this.#id = id;
    this.#send = send;
  }

  expect(producer) {
    this.#producer = producer;
    this.#count = 0;
    this.#bad = 0;
  }

  take(payload) {
    if (payload.flush !== undefined) {
      this.#ack();
      return;
    }
    if (seqOf(payload) !== ++this.#count) this.#bad++;
    if (this.#count % ACK_EVERY === 0) this.#ack();
  }

  state() {
    return { count: this.#count, bad: this.#bad };
  }

  #ack() {
    // Not awaited: acknowledgements are few, and a consumer that waits would not consume.
    this.#send(this.#producer, { ack: this.#count, from: this.#id })?.catch?.(() => this.#bad++);
  }
}

/** How far each consumer got, as the producer knows. */
export class Acks {
  #counts = new Map();
  #wake;
  #changed;
  /** The count of the consumer that is furthest behind. */
  lowest = 0;

  expect(sinks) {
    this.#counts = new Map(sinks.map((id) => [id, 0]));
    this.lowest = 0;
  }

  /** True when `payload` was an acknowledgement. */
  take(payload) {
    if (payload.ack === undefined) return false;
    // A peer may look its target up first: an early acknowledgement can then come behind a later one.
    this.#counts.set(payload.from, Math.max(payload.ack, this.#counts.get(payload.from) ?? 0));
    this.lowest = Math.min(...this.#counts.values());
    this.#wake?.();
    this.#changed = undefined;
    return true;
  }

  changed() {
    this.#changed ??= new Promise((resolve) => {
      this.#wake = resolve;
    });
    return this.#changed;
  }
}
