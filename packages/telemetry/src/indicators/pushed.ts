import type { Client, Location } from "@elpis/api";
import { shared } from "./shared.ts";
import type { IndicatorAnswer } from "./types.ts";
import { type IndicatorPush, type IndicatorTopics, keyOf, PUSH_TOPIC, readPush } from "./wire.ts";

/** How many values one process may have said; what it says beyond them is not kept, and counted. */
const MAX_PER_PEER = 256;

interface Kept extends IndicatorPush {
  readonly from: Location;
}

/** The latest that each indicator of each process has said by itself; it goes with its process. */
export class PushedValues {
  readonly #kept = new Map<string, Kept>();
  readonly #perPeer = new Map<number, number>();
  /** Pushes that were not kept: malformed, or too many. */
  dropped = 0;

  /** Keeps a value. `from` is what the hub says. */
  take(value: unknown, from: Location): void {
    const push = readPush(value);
    const key = push === undefined ? undefined : keyOf(from, push.group, push.name);
    const count = this.#perPeer.get(from.id) ?? 0;
    const isNew = key !== undefined && !this.#kept.has(key);
    if (push === undefined || key === undefined || (isNew && count >= MAX_PER_PEER)) {
      this.dropped += 1;
      return;
    }
    if (isNew) this.#perPeer.set(from.id, count + 1);
    this.#kept.set(key, { ...push, from });
  }

  /** A process has left. */
  forget(id: number): void {
    this.#perPeer.delete(id);
    for (const [key, { from }] of this.#kept) if (from.id === id) this.#kept.delete(key);
  }

  /** What was said last, of a group. */
  of(group: string): IndicatorAnswer[] {
    const found = [...this.#kept.values()].filter((one) => one.group === group);
    return found.map(({ from, name, scope, value, time: pushedAt }) => {
      return { from, group, name, scope, value, pushedAt };
    });
  }

  /** Whether a process has said all that it has to say of a group, so that it need not be asked. */
  isEnough(id: number, group: string): boolean {
    const found = [...this.#kept.values()].filter((one) => one.from.id === id);
    const last = found.filter((one) => one.group === group).sort((a, b) => b.time - a.time)[0];
    return last !== undefined && !last.asks;
  }
}

/** What was pushed to this process, from the first call on. */
export const pushedTo: (hub: Client) => PushedValues = shared("pushed", (hub) => {
  const values = new PushedValues();
  const client = hub as unknown as Client<IndicatorTopics>;
  client.on(PUSH_TOPIC, (push, { from }) => values.take(push, from), { overflow: "drop-old" });
  client.watchPeers(({ type, peer }) => {
    if (type === "left") values.forget(peer.id);
  });
  return values;
});
