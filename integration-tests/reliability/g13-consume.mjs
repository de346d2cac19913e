#!/usr/bin/env node
// Every event is handed to exactly one member of a group, while members come and go; killed ones are reported.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { count, counts, now, sum } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const MEMBERS = 4;
const WINDOW = 128;

void program("G13", "consume: one run per event, whoever comes and goes", async (run) => {
  const hub = await run.hub();
  const { source } = await hub.load();
  const canary = await hub.canary();
  const client = await run.connect(hub, "sender");

  const atLeast = run.short ? { events: 3000, changes: 4 } : { events: 50_000, changes: 40 };
  for (const way of ["not ready", "off"]) {
    const { runs, ended, changes } = await send(run, hub, client, atLeast, leaving(way));
    const what = `${changes} members leave (${way})`;
    run.note(`${what}: events`, runs.length);
    run.exactly(`${what}: not run exactly once`, runs.filter((times) => times !== 1).length, 0);
    run.exactly(`${what}: senders told otherwise`, counts({ ...ended, done: 0 }), "none");
  }

  const seen = await send(run, hub, client, atLeast, killing);
  const { runs, ended, outcome, changes, inFlight } = seen;
  const what = `${changes} members killed`;
  const missing = runs.flatMap((times, id) => (times === 0 ? [id] : []));
  const missingAs = (code) => missing.filter((id) => outcome[id] === code).length;
  run.note(`${what}: events`, runs.length);
  run.exactly(`${what}: run twice`, runs.filter((times) => times > 1).length, 0);
  run.atMost(`${what}: missing (in flight at a kill)`, missing.length, sum(inFlight));
  run.exactly(
    `${what}: missing, reported as lost`,
    missingAs("ELPIS_HUB_PEER_LOST"),
    missing.length,
  );
  const rest = { ...ended, done: 0, ELPIS_HUB_PEER_LOST: 0 };
  run.exactly(`${what}: senders told otherwise`, counts(rest), "none");
  run.canaryIsWell("canary", await canary.report());
  const { failed, wrong } = await source.call("report");
  run.exactly("background: requests failed", counts({ ...failed, wrong }), "none");
});

/** Stops taking, finishes what it has, closes. */
const leaving = (way) => async (actor) => {
  await actor.call("leave", { way });
  actor.kill();
};

async function killing(actor) {
  actor.kill();
  await actor.exited;
}

/** Hands over events while, again and again, one member joins and the oldest goes. */
async function send(run, hub, client, atLeast, leave) {
  const files = [];
  const member = async () => {
    const file = join(run.home, `runs.${files.length}.${now()}`);
    files.push(file);
    const actor = run.start("g13-member");
    await actor.call("begin", { hub: hub.name, file });
    return actor;
  };
  const members = await Promise.all(Array.from({ length: MEMBERS }, member));
  const outcome = [];
  const ended = {};
  const inFlight = [];
  let open = 0;
  const enough = () => outcome.length >= atLeast.events && inFlight.length >= atLeast.changes;
  const hand = async () => {
    while (!enough()) {
      const id = outcome.push("open") - 1;
      open++;
      outcome[id] = await handOver(client, id);
      open--;
      count(ended, outcome[id]);
    }
  };
  const change = async () => {
    while (!enough()) {
      members.push(await member());
      inFlight.push(open);
      await leave(members.shift());
    }
  };
  await Promise.all([change(), ...Array.from({ length: WINDOW }, hand)]);
  await Promise.all(members.map(leaving("not ready")));
  const runs = countRuns(files, outcome.length);
  return { runs, ended, outcome, changes: inFlight.length, inFlight };
}

async function handOver(client, id) {
  try {
    await client.consume("g13.event", id, { timeoutMs: 20_000 });
    return "done";
  } catch (error) {
    return error.code ?? String(error);
  }
}

/** How often each event was run, by what the members wrote down as they began. */
function countRuns(files, events) {
  const runs = new Array(events).fill(0);
  for (const file of files) {
    const bytes = readFileSync(file);
    for (let at = 0; at < bytes.length; at += 4) runs[bytes.readUInt32LE(at)]++;
  }
  return runs;
}
