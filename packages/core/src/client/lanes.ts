import type { ElpisError } from "@elpis/api";
import { LANE_BYTES, LANE_MESSAGES } from "@elpis/protocol";
import { Drained } from "./drained.ts";

/** Lanes that are not full, at most; more and the one that was begun first is taken as full again. */
const MAX_LANES = 4096;

interface Lane {
  messages: number;
  bytes: number;
  /** Made for the first who has to wait. */
  room: Drained | undefined;
}

/**
 * How many events may go to each single peer before the hub says that there is room again. A lane that is full is not
 * kept. Whoever sends on regardless is not stopped here: the lane then goes below zero, and the limits of the hub decide.
 */
export class Lanes {
  readonly #lanes = new Map<number, Lane>();

  /** Lanes that are not full. */
  get size(): number {
    return this.#lanes.size;
  }

  /** An event of `bytes` goes to `target`. When that used the lane up, a promise that resolves when there is room. */
  spend(target: number, bytes: number): Promise<void> | undefined {
    let lane = this.#lanes.get(target);
    if (lane === undefined) {
      if (this.#lanes.size >= MAX_LANES) this.#forgetFirst();
      lane = { messages: LANE_MESSAGES, bytes: LANE_BYTES, room: undefined };
      this.#lanes.set(target, lane);
    }
    lane.messages--;
    lane.bytes -= bytes;
    return wait(lane);
  }

  /** What {@link spend} gave, for whoever sends nothing now. */
  room(target: number): Promise<void> | undefined {
    const lane = this.#lanes.get(target);
    return lane === undefined ? undefined : wait(lane);
  }

  /** The hub says that so many more may be sent. It cannot make a lane larger than it was. */
  credit(target: number, messages: number, bytes: number): void {
    const lane = this.#lanes.get(target);
    if (lane === undefined) return;
    lane.messages = Math.min(LANE_MESSAGES, lane.messages + messages);
    lane.bytes = Math.min(LANE_BYTES, lane.bytes + bytes);
    if (lane.messages === LANE_MESSAGES && lane.bytes === LANE_BYTES) this.#lanes.delete(target);
    if (isOpen(lane)) settle(lane);
  }

  /** The peer is not there, or not any more: nobody has to wait for it. */
  gone(target: number): void {
    const lane = this.#lanes.get(target);
    if (lane === undefined) return;
    this.#lanes.delete(target);
    settle(lane);
  }

  /** The connection has ended. */
  fail(error: ElpisError): void {
    for (const { room } of this.#lanes.values()) room?.fail(error);
    this.#lanes.clear();
  }

  #forgetFirst(): void {
    for (const target of this.#lanes.keys()) return this.gone(target);
  }
}

function isOpen(lane: Lane): boolean {
  return lane.messages > 0 && lane.bytes > 0;
}

function wait(lane: Lane): Promise<void> | undefined {
  if (isOpen(lane)) return undefined;
  lane.room ??= new Drained();
  return lane.room.wait();
}

function settle(lane: Lane): void {
  lane.room?.done();
  lane.room = undefined;
}
