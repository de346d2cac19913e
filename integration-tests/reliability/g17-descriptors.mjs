#!/usr/bin/env node
// A hub that has no descriptor left: who comes is refused by name, who is there notices nothing.
import { connect } from "@elpis/core";
import { cpuMsOf, fdsOf } from "./lib/kernel.mjs";
import { count, counts, now, pause, percentile, within } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const DESCRIPTORS = 64;
const QUIET = { debug() {}, info() {}, warn() {}, error() {}, child: () => QUIET };

void program("G17", "no descriptor left: refused by name, nobody harmed", async (run) => {
  const hub = await run.hub({ process: { prefix: `ulimit -n ${DESCRIPTORS}` } });
  const { source } = await hub.load();
  const canary = await hub.canary();
  await canary.report();
  const seconds = run.short ? 1 : 5;
  const cpuBefore = await cpuShare(hub.pid, seconds);

  const seen = { held: [], refused: {}, took: [] };
  const attempts = 2 * DESCRIPTORS;
  const visit = async () => {
    for (let i = 0; i < attempts / 8; i++) await attempt(hub, seen);
  };
  await Promise.all(Array.from({ length: 8 }, visit));
  run.atLeast(`${attempts} attempts: joined`, seen.held.length, DESCRIPTORS / 4);
  run.note("descriptors of the hub", fdsOf(hub.pid));

  // Meanwhile somebody goes on knocking.
  let isOver = false;
  const knocking = (async () => {
    while (!isOver) {
      await attempt(hub, seen);
      await pause(100);
    }
  })();
  const cpuMeanwhile = await cpuShare(hub.pid, seconds);
  isOver = true;
  await knocking;
  run.atLeast("refused", seen.took.length, DESCRIPTORS / 4);
  run.exactly("refused otherwise", counts({ ...seen.refused, ELPIS_HUB_FULL: 0 }), "none");
  run.atMost("refused after, p99", percentile(seen.took, 0.99), 1000, "ms");
  run.note("processor without it", cpuBefore, "%");
  run.atMost("processor on top of that, meanwhile", cpuMeanwhile - cpuBefore, 10, "%");
  run.canaryIsWell("canary, meanwhile", await canary.report());

  const freedAt = now();
  for (const client of seen.held.splice(0)) void client.close();
  while (seen.held.length === 0 && now() - freedAt < 5000) await attempt(hub, seen);
  run.atMost("let in again after descriptors are free", now() - freedAt, 1000, "ms");
  await Promise.all(seen.held.map((client) => client.close()));
  await pause(200);
  run.canaryIsWell("canary, after", await canary.report());
  const { failed, wrong } = await source.call("report");
  run.exactly("background: requests failed", counts({ ...failed, wrong }), "none");
});

/** Tries to join once; one that hangs is counted as such. */
async function attempt({ path, secret }, { held, refused, took }) {
  const began = now();
  const joining = connect({ path, secret, log: QUIET, timeoutMs: 4000 }).then(
    (client) => ({ client }),
    (error) => ({ code: error.code ?? String(error) }),
  );
  const { client, code } = await within(joining, 3000, { code: "hung" });
  if (client !== undefined) {
    held.push(client);
    return;
  }
  count(refused, code);
  took.push(now() - began);
}

/** Of one processor, in percent. */
async function cpuShare(pid, seconds) {
  const before = cpuMsOf(pid);
  const began = now();
  await pause(seconds * 1000);
  return ((cpuMsOf(pid) - before) / (now() - began)) * 100;
}
