#!/usr/bin/env node
// A consumer stops reading while events come at full rate: memory stays bounded, others notice nothing, the publisher
// is told, and what was lost is known to the last event.
import { rssOf, watchRss } from "./lib/kernel.mjs";
import { counts, MIB, now, pause, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const HEALTHY = 2;

void program("G10", "a stopped consumer", async (run) => {
  const hub = await run.hub();
  const { source } = await hub.load();
  const canary = await hub.canary();
  const consumers = await Promise.all(
    Array.from({ length: HEALTHY + 1 }, async (_, index) => {
      const actor = run.start("g10-consumer");
      return { actor, id: await actor.call("begin", { hub: hub.name, index }) };
    }),
  );
  const publisher = run.start("g10-publisher");
  await publisher.call("begin", { hub: hub.name });
  const stage = { run, hub, consumers, publisher };
  await toAll(stage);
  await toOne(stage);
  run.canaryIsWell("canary", await canary.report());
  const { failed, wrong } = await source.call("report");
  run.exactly("background: requests failed", counts({ ...failed, wrong }), "none");
});

async function toAll({ run, hub, consumers, publisher }) {
  const healthy = consumers.slice(0, HEALTHY);
  const stopped = consumers[HEALTHY];
  const p99 = async () => {
    const reports = await Promise.all(healthy.map(({ actor }) => actor.call("latency")));
    return Math.max(...reports);
  };
  await publisher.call("flood", { ms: 300 });
  await p99();
  await publisher.call("flood", { ms: run.short ? 500 : 4000 });
  const quiet = await p99();

  const rssBefore = rssOf(hub.pid);
  const watched = watchRss(hub.pid);
  stopped.actor.freeze();
  await publisher.call("flood", { ms: run.short ? 1200 : 8000 });
  const stalled = await p99();
  const peak = await watched();
  stopped.actor.thaw();

  const published = await publisher.call("published");
  const accounts = await settled({ hub, consumers, publisher, published });
  run.note("events published", published);
  run.atMost("hub: memory, more than before, at most", (peak - rssBefore) / MIB, 96, "MiB");
  run.note("healthy consumers: p99 with all well", quiet, "ms");
  run.note("healthy consumers: p99 with one stopped", stalled, "ms");
  run.atMost("healthy consumers: so many times as late", stalled / quiet, 5);
  for (const [index, account] of accounts.entries()) {
    const who = index < HEALTHY ? `healthy consumer ${index}` : "stopped consumer";
    run.note(`${who}: dropped`, account.dropped);
    run.exactly(`${who}: came or were dropped`, account.got + account.dropped, published);
    run.exactly(`${who}: drops the publisher knows of`, account.told, account.dropped);
    run.exactly(`${who}: twice or out of order`, account.disorder, 0);
  }
  const { firstMissing } = await stopped.actor.call("report");
  const learned = await publisher.call("learned", { id: stopped.id, n: firstMissing });
  run.atLeast("stopped consumer: dropped", accounts[HEALTHY].dropped, 1);
  run.atMost("publisher learns of the first drop after", learned ?? Infinity, 100, "ms");
}

/** What became of everything, per consumer, when nothing is on its way any more. */
async function settled({ hub, consumers, publisher, published }) {
  const look = async () => {
    const { peers } = await hub.stats();
    const told = await publisher.call("told");
    return Promise.all(
      consumers.map(async ({ actor, id }) => {
        const { got, disorder } = await actor.call("report");
        const { dropped } = peers.find((peer) => peer.id === id) ?? { dropped: -1 };
        return { got, disorder, dropped, told: told[id] ?? 0 };
      }),
    );
  };
  const end = now() + 10_000;
  for (;;) {
    const accounts = await look();
    const isDone = accounts.every(
      ({ got, dropped, told }) => got + dropped === published && told === dropped,
    );
    if (isDone || now() > end) return accounts;
    await pause(50);
  }
}

/** Events to the stopped one alone, each awaited: the publisher is made to wait, and nothing is lost. */
async function toOne({ run, hub, consumers, publisher }) {
  const stopped = consumers[HEALTHY];
  const droppedBefore = (await hub.stats()).dropped;
  await stopped.actor.call("forget");
  stopped.actor.freeze();
  await publisher.call("pour", { id: stopped.id });
  let before = -1;
  const held = await until("the publisher to be held up", async () => {
    const { sent, waitingMs } = await publisher.call("pouring");
    const isHeld = sent === before && waitingMs > 100;
    before = sent;
    return isHeld && { sent };
  });
  const thawedAt = now();
  stopped.actor.thaw();
  await until(
    "the publisher to go on",
    async () => (await publisher.call("pouring")).sent > held.sent,
  );
  const wentOn = now() - thawedAt;
  const sent = await publisher.call("stopPouring");
  const { got } = await until(
    "everything to arrive",
    async () => {
      const report = await stopped.actor.call("report");
      return report.got >= sent && report;
    },
    5000,
  );
  run.atMost("to one: sent before the publisher was made to wait", held.sent / 1024, 4, "MiB");
  run.atMost("to one: goes on after it was continued", wentOn, 100, "ms");
  run.exactly("to one: came", got, sent);
  run.exactly("to one: dropped", (await hub.stats()).dropped - droppedBefore, 0);
}
