// What a client process does when the runner asks: the loops that are measured.
import { setImmediate as yieldToEvents } from "node:timers/promises";
import { Acks, Sink } from "./flow.mjs";
import { PAYLOADS, seqOf } from "./payloads.mjs";
import { percentile } from "./stats.mjs";
import { Stopwatch } from "./stopwatch.mjs";

/** Messages that may be on their way to the slowest consumer. */
const WINDOW = 2048;
const BURST = 64;

export function clientJobs(peer, context, id) {
  const acks = new Acks();
  const sink = new Sink(id, (to, payload) => client.send(to, payload));
  const receive = (payload) => {
    if (!acks.take(payload)) sink.take(payload);
  };
  const handlers = { onRequest: (payload) => payload, onMessage: receive, onPublish: receive };
  let client;

  return {
    connect: async () => {
      client = await peer.connect(context, id, handlers);
    },
    subscribe: () => client.subscribe(),
    expect: (args) => sink.expect(args.producer),
    received: () => sink.state(),
    ask: (args) => ask(client, args),
    ping: (args) => ping(client, args),
    produce: (args) => produce(client, acks, args),
    leave: async () => {
      await client?.close();
    },
  };
}

/** Keeps `inFlight` requests under way. */
async function ask(client, { to, payload, inFlight, warmMs, ms }) {
  const make = PAYLOADS[payload];
  const watch = new Stopwatch(warmMs, ms);
  let asked = 0;
  let done = 0;
  let bad = 0;
  const lane = async () => {
    do {
      const seq = ++asked;
      const reply = await client.request(to, make(seq));
      if (seqOf(reply) !== seq) bad++;
      done++;
    } while (watch.running(done));
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return { rate: watch.rate, total: done, bad };
}

/** One request at a time. */
async function ping(client, { to, payload, warmMs, ms }) {
  const make = PAYLOADS[payload];
  const watch = new Stopwatch(warmMs, ms);
  const warmUntil = performance.now() + warmMs;
  const took = [];
  let seq = 0;
  let bad = 0;
  do {
    const message = make(++seq);
    const start = performance.now();
    const reply = await client.request(to, message);
    if (start >= warmUntil) took.push((performance.now() - start) * 1000);
    if (seqOf(reply) !== seq) bad++;
  } while (watch.running(seq));
  took.sort((a, b) => a - b);
  return { p50: percentile(took, 0.5), p99: percentile(took, 0.99), total: seq, bad };
}

/** Sends (or, where `to` is missing, publishes) as fast as the peer's back-pressure and the window allow. */
async function produce(client, acks, { to, payload, sinks, warmMs, ms }) {
  const make = PAYLOADS[payload];
  const put = to === undefined ? (p) => client.publish(p) : (p) => client.send(to, p);
  const watch = new Stopwatch(warmMs, ms);
  let sent = 0;
  acks.expect(sinks);
  while (watch.running(acks.lowest * sinks.length)) {
    for (let n = 0; n < BURST && sent - acks.lowest < WINDOW; n++) {
      const full = put(make(++sent));
      if (full) await full;
    }
    if (sent - acks.lowest >= WINDOW) await acks.changed();
    else await yieldToEvents();
  }
  await put({ flush: true });
  while (acks.lowest < sent) await acks.changed();
  return { rate: watch.rate, total: sent * sinks.length, bad: 0 };
}
