#!/usr/bin/env node
// A million malformed frames: the hub lives, answers others rightly, keeps nothing, and knows why it closed what it closed.
import { connectTo } from "@elpis/core";
import { rssOf } from "./lib/kernel.mjs";
import { count, counts, MIB, now, pause, sum, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const ATTACKERS = 2;

void program("G11", "malformed frames hurt nobody", async (run) => {
  const hub = await run.hub();
  const { source } = await hub.load();
  const canary = await hub.canary();
  const { path, secret } = hub;
  const attackers = Array.from({ length: ATTACKERS }, () => run.start("g11-attacker"));
  const attack = (frames) =>
    Promise.all(
      attackers.map((attacker) => {
        const seed = run.random.int(2 ** 31);
        const endpoint = { path, secret };
        const order = { endpoint, seed, frames: frames / ATTACKERS, target: canary.answererId };
        return attacker.call("attack", order, 200_000);
      }),
    );

  // What is made at its first use is there before memory is compared.
  await attack(run.short ? 2000 : 20_000);
  await pause(run.short ? 100 : 500);
  const before = await hub.stats();
  const rssBefore = rssOf(hub.pid);
  const frames = run.short ? 20_000 : 1_000_000;
  const began = now();
  const done = await attack(frames);
  const seconds = (now() - began) / 1000;
  run.atMost(`${frames} malformed frames: took`, seconds, (120 * frames) / 1_000_000, "s");

  const dawdlers = run.short ? 50 : 100;
  const dawdled = await attackers[0].call("dawdle", {
    endpoint: { path, secret },
    connections: dawdlers,
  });
  run.note(`${dawdlers} that send a byte at a time: gone after`, dawdled, "ms");

  const joinedAt = now();
  const visitor = await connectTo(hub.name, { location: { name: "visitor" } });
  await visitor.close();
  run.atMost("somebody new can join, after", now() - joinedAt, 1000, "ms");

  const made = sum(done.map(({ connections }) => connections)) + dawdlers + 1;
  const closesOf = (stats) => sum(Object.values(stats.closes)) - sum(Object.values(before.closes));
  const after = await until(
    "the hub to have closed what was opened",
    async () => {
      const stats = await hub.stats();
      return stats.peers.length <= before.peers.length && stats;
    },
    20_000,
  );
  await pause(run.short ? 300 : 2000);
  const ways = {};
  for (const { byWay } of done)
    for (const [way, times] of Object.entries(byWay)) count(ways, way, times);
  for (const [way, times] of Object.entries(ways).sort()) run.note(`connections: ${way}`, times);
  run.exactly("connections not taken", sum(done.map(({ unconnected }) => unconnected)), 0);
  run.exactly("closes counted with a cause", closesOf(await hub.stats()), made);
  for (const [cause, times] of Object.entries(after.closes)) {
    run.note(`closed: ${cause}`, times - (before.closes[cause] ?? 0));
  }
  run.atMost("hub: memory, more than before", (rssOf(hub.pid) - rssBefore) / MIB, 64, "MiB");
  run.canaryIsWell("canary", await canary.report());
  const { failed, wrong } = await source.call("report");
  run.exactly("background: requests failed", counts({ ...failed, wrong }), "none");
});
