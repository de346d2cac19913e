import { sizeOf } from "@elpis/protocol";
import type { Router } from "../../src/hub/router.ts";
import { FakePeer, type Received, readFrame } from "./fake-peer.ts";

/** A peer that reads when it is told to; what it has not read waits in the hub. */
export class SlowPeer extends FakePeer {
  #unread: Buffer[] = [];

  constructor(router: Router, now: () => number) {
    super(router, {}, now);
    this.#unread = [];
  }

  override push(bytes: Buffer): void {
    // The router introduces peers while this one is still being made.
    this.#unread?.push(Buffer.from(bytes));
    this.position += bytes.length;
    this.queuedBytes += bytes.length;
  }

  /** At most so many frames, in order. */
  read(count: number): Received[] {
    const chunk = Buffer.concat(this.#unread);
    const frames: Received[] = [];
    let at = 0;
    for (; at < chunk.length && frames.length < count; at += sizeOf(chunk, at)) {
      frames.push(readFrame(chunk, at));
    }
    this.#unread = at < chunk.length ? [chunk.subarray(at)] : [];
    this.queuedBytes = chunk.length - at;
    return frames;
  }
}
