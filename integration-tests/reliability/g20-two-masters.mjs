#!/usr/bin/env node
// Several hubs want one name at the same moment: exactly one gets it, each time, and whoever looks for it finds it.
import { connectTo } from "@elpis/core";
import { count, counts, now, percentile } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const NAME = "wanted";
const CONTENDERS = 4;
/** What becomes of the owner before, or while, the others contend. */
const WAYS = ["closed before", "killed before", "closed meanwhile", "killed meanwhile"];

void program("G20", "hubs race for one name: one owner, always reachable", async (run) => {
  const rounds = run.short ? 12 : 200;
  // Load belongs to every figure; the hub that carries it has a name of its own.
  const busy = await run.hub({ name: "busy" });
  await busy.load();
  const canary = await busy.canary();
  const pool = [];
  while (pool.length < CONTENDERS + 1) pool.push(run.start("g20-contender"));
  let owner;
  const wrong = { owners: 0, reached: 0 };
  const refusals = {};
  const took = [];
  for (let round = 0; round < rounds; round++) {
    const way = WAYS[round % WAYS.length];
    const meanwhile = way.endsWith("meanwhile");
    const idle = pool.filter((contender) => contender !== owner).slice(0, CONTENDERS);
    const dismiss = () => end(run, pool, owner, way);
    if (owner !== undefined && !meanwhile) await dismiss();
    const at = now() + 10;
    const contending = idle.map((contender) =>
      contender.call("contend", { name: NAME, at: at + run.random.next(), insist: meanwhile }),
    );
    if (meanwhile) await dismiss();
    if (meanwhile) {
      // Those who lost against the new owner go on trying until they are told to stop.
      await Promise.race(contending.map((result) => result.then(ifOwner)));
      for (const contender of idle) await contender.call("stop");
    }
    const results = await Promise.all(contending);
    const owners = idle.filter((_, index) => results[index].isOwner);
    if (owners.length !== 1) wrong.owners++;
    for (const { isOwner, code } of results) if (!isOwner) count(refusals, code);
    owner = owners[0];
    for (const second of owners.slice(1)) await second.call("close");
    if (owner === undefined) continue;
    const began = now();
    if ((await reach()) !== owner.pid) wrong.reached++;
    took.push(now() - began);
  }
  const what = `${rounds} rounds of ${CONTENDERS}`;
  run.exactly(`${what}: rounds without exactly one owner`, wrong.owners, 0);
  run.exactly(`${what}: rounds in which it was not reached`, wrong.reached, 0);
  run.exactly(
    `${what}: losers told otherwise`,
    counts({ ...refusals, ELPIS_HUB_OWNED: 0 }),
    "none",
  );
  run.note(`${what}: reached, p99`, percentile(took, 0.99), "ms");
  run.canaryIsWell("canary", await canary.report());
});

/** A race is over when somebody owns the name; those who gave up do not end it. */
const ifOwner = ({ isOwner }) => (isOwner ? true : new Promise(() => {}));

async function end(run, pool, owner, way) {
  if (owner === undefined) return;
  if (way.startsWith("closed")) {
    await owner.call("close");
    return;
  }
  owner.kill();
  await owner.exited;
  pool.splice(pool.indexOf(owner), 1, run.start("g20-contender"));
}

/** The process that whoever looks for the name talks to. */
async function reach() {
  try {
    const client = await connectTo(NAME, { location: { name: "visitor" } });
    const pid = await client.request("g20.who", undefined);
    await client.close();
    return pid;
  } catch (error) {
    return error.code;
  }
}
