#!/usr/bin/env node
// Rolling reloads under load: nobody notices.
import { freePort, HostedApplication, web } from "./lib/application.mjs";
import { HttpLoad } from "./lib/load.mjs";
import { pause } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const WORKERS = 2;
const LIMIT_MS = 1_800_000;

void program(
  "G4",
  "rolling reloads lose nothing, over fresh and kept-alive connections",
  async (run) => {
    await run.parts(
      () => reloads(run, "kernel"),
      () => reloads(run, "round-robin"),
    );
  },
  { limitMs: LIMIT_MS },
);

async function reloads(run, balance) {
  const times = run.short ? 2 : 100;
  const rate = run.rate(run.short ? 100 : 800);
  const port = await freePort();
  const app = await HostedApplication.start(run, {
    name: `g04-${balance}`,
    processes: { web: web(port, { scale: WORKERS, balance }) },
  });
  // In the short form both run at once, and one load is enough.
  const settle = run.short && balance !== "kernel" ? async () => {} : await app.busy();
  const ready = await watchReady(run, app);
  // Half of the answers begin before they are known: their connections cannot be told to close.
  const loads = await Promise.all(
    ["/", "/early"].map((path) => HttpLoad.begin(run, port, rate / 2, path)),
  );
  const from = app.changes.length;
  let swaps = 0;
  for (let n = 0; n < times; n++) {
    const { replaced } = await app.actor.call("reload", {}, 60_000);
    swaps += replaced.length;
    if (!run.short) await pause(run.random.int(200));
  }
  const left = app.changes.slice(from).filter((one) => !isReady(one) && one.index < WORKERS);
  for (const [at, path] of ["answered at once", "begun early"].entries()) {
    const what = `${balance}, ${path}`;
    const report = await loads[at].end();
    loads[at].allAnswered(what, report);
    run.atMost(`${what}: answered, p99`, report.p99, 500, "ms");
  }
  run.exactly(`${balance}: swaps in ${times} reloads at ${rate}/s`, swaps, times * WORKERS);
  run.exactly(`${balance}: instances that were not ready meanwhile`, left.length, 0);
  const fewest = Math.min(...ready.seen);
  run.exactly(`${balance}: fewest workers ready at once, of ${WORKERS}`, fewest, WORKERS);
  run.atMost(`${balance}: most workers there at once`, ready.peak(), WORKERS + 1);
  await settle();
  await app.actor.call("stop");
}

const isReady = ({ name, state }) => name !== "web" || state === "ready";

/** Follows on the hub which workers say that they are ready, as anybody could who sends them work. */
async function watchReady(run, app) {
  const client = await run.connect(app, "watcher");
  const isWorker = ({ name }) => name === "web";
  const ready = new Set();
  const there = new Set();
  const seen = [];
  let peak = 0;
  const look = ({ type, peer }) => {
    if (!isWorker(peer)) return;
    const isHere = type !== "left";
    if (isHere) there.add(peer.id);
    else there.delete(peer.id);
    if (isHere && peer.ready) ready.add(peer.id);
    else ready.delete(peer.id);
    peak = Math.max(peak, there.size);
    seen.push(ready.size);
  };
  for (const peer of (await client.peers({ name: "web" })).filter(isWorker)) {
    look({ type: "joined", peer });
  }
  seen.splice(0, seen.length, ready.size);
  client.watchPeers(look);
  return { seen, peak: () => peak };
}
