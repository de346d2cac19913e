#!/usr/bin/env node
import { count, counts, now, percentile, within } from "./lib/numbers.mjs";
// A peer is killed: whoever waits for it is told at once, by name of the reason.
import { program } from "./lib/program.mjs";

const HUNG_MS = 2000;

void program("G2", "every call in flight to a killed peer fails typed", async (run) => {
  const rounds = run.short ? 6 : 60;
  const hub = await run.hub();
  const canary = await hub.canary();
  const client = await run.connect(hub, "caller");

  const quiet = await kill(run, hub, client, rounds);
  const { source } = await hub.load();
  const loaded = await kill(run, hub, client, rounds);

  for (const [what, seen, goal] of [
    ["quiet", quiet, 50],
    ["loaded", loaded, 100],
  ]) {
    run.note(`${what}: calls in flight, ${rounds} kills`, seen.took.length);
    run.atMost(`${what}: told, p99`, percentile(seen.took, 0.99), goal, "ms");
    run.note(`${what}: its parent told by the system, p99`, percentile(seen.exits, 0.99), "ms");
    run.exactly(`${what}: told otherwise, or not within 2 s`, counts(seen.other), "none");
  }
  run.canaryIsWell("canary", await canary.report());
  const { failed, wrong } = await source.call("report");
  run.exactly("background: requests failed", counts({ ...failed, wrong }), "none");
});

/** Kills one peer after the other, each with 50 to 200 calls in flight: requests, events handed over, streams. */
async function kill(run, hub, client, rounds) {
  const seen = { took: [], exits: [], other: {} };
  let next = callee(run, hub);
  for (let round = 0; round < rounds; round++) {
    const { actor, id } = await next;
    if (round + 1 < rounds) next = callee(run, hub);
    const calls = [];
    const inFlight = 50 + run.random.int(151);
    for (let i = 0; i < inFlight; i++)
      calls.push(call(client, i, { to: { id }, timeoutMs: 30_000 }));
    // What one peer sends arrives in order: once this is answered, all are there.
    await client.request("g2.mark", undefined, { to: { id } });
    const killedAt = now();
    actor.kill();
    const exited = actor.exited.then(() => seen.exits.push(now() - killedAt));
    const watched = calls.map(async (ended) => {
      const code = await within(ended, HUNG_MS, "hung");
      seen.took.push(now() - killedAt);
      if (code !== "ELPIS_HUB_PEER_LOST") count(seen.other, code);
    });
    await Promise.all([exited, ...watched]);
  }
  return seen;
}

async function callee(run, hub) {
  const actor = run.start("g02-callee");
  return { actor, id: await actor.call("begin", { hub: hub.name }) };
}

/** Makes a call that is never answered; resolves with the code of how it ended. */
async function call(client, i, options) {
  try {
    if (i % 8 === 1) await client.consume("g2.take", i, options);
    else if (i % 8 === 2 && client.stream !== undefined)
      await drain(client.stream("g2.flow", i, options));
    else await client.request("g2.hold", i, options);
    return "answered";
  } catch (error) {
    return error.code ?? String(error);
  }
}

async function drain(stream) {
  for await (const _ of stream);
}
