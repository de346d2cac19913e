// Connects again and again, and each time does something that no peer may do.
import { connect } from "node:net";
import { Kind } from "@elpis/protocol";
import { seeded } from "@elpis/testing";
import { serve } from "../lib/actor.mjs";
import { Handshake, Hostile, reader } from "../lib/hostile.mjs";
import { count, pause, turn } from "../lib/numbers.mjs";

const SIDE_BY_SIDE = 12;
const PER_CONNECTION = 100;
/** When nothing comes of what was sent, we hang up. */
const PATIENCE_MS = 300;

/** What is done on one connection, and how often of a hundred times. */
const WAYS = [
  [
    10,
    "junk before the handshake",
    (visit) => visit.write(visit.make((hostile) => hostile.junk(40))),
  ],
  [
    10,
    "strange frames before the handshake",
    (visit) => visit.write(visit.make((hostile) => hostile.strange())),
  ],
  [
    5,
    "oversize header before the handshake",
    (visit) => visit.write(visit.make((hostile) => hostile.oversize())),
  ],
  [
    5,
    "unsound header before the handshake",
    (visit) => visit.write(visit.make((hostile) => hostile.unsound())),
  ],
  [10, "wrong proof", wrongProof],
  [5, "cut short", cutShort],
  [25, "mutated frames", (visit) => admitted(visit, (hostile) => hostile.mutated())],
  [5, "oversize header", (visit) => admitted(visit, (hostile) => hostile.oversize())],
  [5, "strange frames", (visit) => admitted(visit, (hostile) => hostile.strange())],
  [15, "hostile bodies, events", (visit) => admitted(visit, (hostile) => hostile.poison())],
  [
    5,
    "hostile bodies, requests",
    (visit) => admitted(visit, (hostile, n) => hostile.poisonedRequest(n)),
  ],
];

/** One connection. */
class Visit {
  closed = false;
  frames = 0;
  goodbye;
  #waiting = new Map();

  constructor({ path, secret }, hostile) {
    this.secret = secret;
    this.hostile = hostile;
    this.socket = connect(path);
    this.socket.on("error", () => {});
    this.ended = new Promise((resolve) => {
      this.socket.once("close", () => {
        this.closed = true;
        for (const done of this.#waiting.values()) done(undefined);
        resolve();
      });
    });
    this.connected = new Promise((resolve) => {
      this.socket.once("connect", () => resolve(true));
      void this.ended.then(() => resolve(false));
    });
    const read = reader((kind, body) => {
      if (kind === Kind.goodbye) this.goodbye = body.code;
      this.#waiting.get(kind)?.(body ?? true);
    });
    this.socket.on("data", read);
  }

  /** The body of the next frame of that kind; undefined when the connection ends before. */
  next(kind) {
    if (this.closed) return undefined;
    return new Promise((resolve) => this.#waiting.set(kind, resolve));
  }

  /** As many malformed frames as belong on one connection, as one piece. */
  make(one) {
    const frames = Array.from({ length: PER_CONNECTION }, (_, n) => one(this.hostile, n));
    this.frames += frames.length;
    return Buffer.concat(frames);
  }

  write(bytes) {
    if (!this.closed) this.socket.write(bytes);
  }
}

async function wrongProof(visit) {
  const handshake = new Handshake();
  const challenge = visit.next(Kind.challenge);
  visit.write(handshake.hello());
  await challenge;
  visit.write(visit.make(() => handshake.wrong()));
}

async function cutShort(visit) {
  const all = visit.make((hostile) => hostile.mutated());
  visit.write(all.subarray(0, 1 + visit.hostile.int(100)));
  await turn();
  visit.socket.end();
}

/** Behind a good handshake. */
async function admitted(visit, one) {
  const handshake = new Handshake();
  const challenge = visit.next(Kind.challenge);
  visit.write(handshake.hello());
  const body = await challenge;
  if (body === undefined) return;
  const welcome = visit.next(Kind.welcome);
  visit.write(handshake.auth(body, visit.secret));
  if ((await welcome) === undefined) return;
  visit.write(visit.hostile.route());
  visit.write(visit.make(one));
}

async function visitOnce(endpoint, hostile, way) {
  const visit = new Visit(endpoint, hostile);
  if (!(await visit.connected)) return visit;
  await way(visit);
  const timer = setTimeout(() => visit.socket.destroy(), PATIENCE_MS);
  await visit.ended;
  clearTimeout(timer);
  return visit;
}

/** Ways in the proportions in which they are wanted. */
const MIX = WAYS.flatMap(([share, name, way]) => new Array(share).fill([name, way]));

serve({
  async attack({ endpoint, seed, frames, target }) {
    const hostile = new Hostile(seeded(seed), target);
    const done = { connections: 0, frames: 0, unconnected: 0, byWay: {}, goodbyes: {} };
    const go = async () => {
      while (done.frames < frames) {
        const [name, way] = MIX[hostile.int(MIX.length)];
        const visit = await visitOnce(endpoint, hostile, way);
        if (await visit.connected) done.connections++;
        else done.unconnected++;
        done.frames += visit.frames;
        count(done.byWay, name);
        count(done.goodbyes, visit.goodbye ?? "none");
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, go));
    return done;
  },
  /**
   * Holds connections open a byte at a time; how long the hub let the slowest, in milliseconds. Every fourth hangs up by
   * itself, while it has its turn or waits in line.
   */
  async dawdle({ endpoint, connections }) {
    const began = performance.now();
    const one = async (_, index) => {
      const visit = new Visit(endpoint, undefined);
      await visit.connected;
      if (index % 4 === 3) setTimeout(() => visit.socket.destroy(), 300);
      const hello = new Handshake().hello();
      for (let at = 0; at < hello.length && !visit.closed; at++) {
        visit.write(hello.subarray(at, at + 1));
        await pause(100);
      }
      await visit.ended;
    };
    await Promise.all(Array.from({ length: connections }, one));
    return performance.now() - began;
  },
});
