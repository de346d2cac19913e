#!/usr/bin/env node
// Whatever comes and goes leaves nothing behind in the hub.
import { count, counts, MIB, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const PEERS = 2;
/** What is done, and how often of the times that are asked for. */
const DEEDS = {
  ...{ attach: 1, listen: 1, emit: 1, publish: 1, timeout: 1 },
  ...{ stream: 0.2, config: 0.2, job: 0.05 },
};

void program("LEAKS", "tables empty and heap even after much coming and going", async (run) => {
  const hub = await run.hub({ process: { nodeArgs: ["--expose-gc"] } });
  const { source } = await hub.load();
  const canary = await hub.canary();
  const times = run.short ? 5000 : 100_000;

  // Once, so that what is made at its first use is there.
  await all(run, hub, run.short ? 500 : 5000);
  const before = await settled(hub);
  const done = await all(run, hub, times);
  const after = await settled(hub);

  for (const deed of Object.keys(DEEDS)) run.note(`${deed}: times`, done[deed] ?? 0);
  run.exactly("failed", counts(done.failed), "none");
  for (const [table, size] of Object.entries(after.tables)) {
    run.exactly(`hub: ${table}`, size, before.tables[table]);
  }
  run.atMost(
    "hub: heap after collection, more than before",
    (after.heap - before.heap) / MIB,
    4,
    "MiB",
  );
  run.canaryIsWell("canary", await canary.report());
  const { failed, wrong } = await source.call("report");
  run.exactly("background: requests failed", counts({ ...failed, wrong }), "none");
});

/** Does everything so many times, by peers that leave again. */
async function all(run, hub, times) {
  const done = { failed: {} };
  const peers = Array.from({ length: PEERS }, () => run.start("leaks-peer"));
  for (const [deed, part] of Object.entries(DEEDS)) {
    const share = Math.ceil((times * part) / PEERS);
    const results = await Promise.all(
      peers.map((peer, index) => peer.call(deed, { hub: hub.name, times: share, index }, 120_000)),
    );
    for (const result of results) {
      count(done, deed, result.times);
      for (const [code, errors] of Object.entries(result.failed)) count(done.failed, code, errors);
    }
  }
  await Promise.all(peers.map((peer) => peer.call("leave")));
  for (const peer of peers) peer.kill();
  return done;
}

/** The hub when it has heard that everybody left: the sizes of its tables, and its heap. */
async function settled(hub) {
  const tables = await until("the peers to be gone", async () => {
    const { peers, ...stats } = await hub.stats();
    const tables = sizes(peers, stats);
    // The background has a call open now and then.
    const isQuiet = tables["calls asked"] === 0 && tables.calls === 0 && tables.deadlines === 0;
    return isQuiet && peers.every(({ name }) => name !== "leaker") && tables;
  });
  // The first collection lets go of what the second can then collect.
  await hub.actor.call("heap");
  return { tables, heap: await hub.actor.call("heap") };
}

/** How much of what there is. */
function sizes(peers, stats) {
  const total = (figure) => peers.reduce((all, peer) => all + peer[figure], 0);
  const ofPeers = {
    peers: peers.length,
    "topics of peers": total("topics"),
    routes: total("routes"),
  };
  return { ...ofPeers, "calls asked": total("askedCalls"), ...stats.tables };
}
