#!/usr/bin/env node
// One application is started several times at the same moment: exactly one is, none when it runs already, and nothing is
// left of the others.
import { elpisJson, fixture, freePort, writeConfig } from "./lib/application.mjs";
import { familyOf, isAlive, signal } from "./lib/kernel.mjs";
import { ask } from "./lib/load.mjs";
import { count, counts, now, percentile, until } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const NAME = "g20b";
const CONTENDERS = 4;
const LIMIT_MS = 900_000;
/** What becomes of the owner before the others contend. */
const WAYS = ["killed", "none", "stopped"];

void program(
  "G20B",
  "applications race for one name: one is started, always reachable",
  async (run) => {
    const rounds = run.short ? 3 : 200;
    const settle = await (await run.hub({ name: "bystander" })).busy();
    const port = await freePort();
    const web = { entry: fixture("web"), ready: "listen", env: { PORT: String(port) } };
    const dir = writeConfig(run, { name: NAME, processes: { web } });
    const seen = { owners: 0, reached: 0, orphans: 0, refusals: {}, took: [] };
    for (let round = 0; round < rounds; round++) {
      await clear(run, WAYS[round % WAYS.length]);
      await race(run, dir, port, seen);
    }
    const what = `${rounds} rounds of ${CONTENDERS}`;
    run.exactly(`${what}: rounds without exactly one owner`, seen.owners, 0);
    run.exactly(`${what}: rounds in which it was not reached`, seen.reached, 0);
    run.exactly(`${what}: rounds that left something of the losers`, seen.orphans, 0);
    const { ELPIS_CLI_ALREADY_RUNNING: told, ELPIS_HUB_OWNED: owned, ...other } = seen.refusals;
    run.note(`${what}: losers told that it runs`, (told ?? 0) + (owned ?? 0));
    run.exactly(`${what}: losers told otherwise`, counts(other), "none");
    run.note(`${what}: started, p50`, percentile(seen.took, 0.5), "ms");
    await clear(run, "stopped");
    run.exactly("left in the end", family(run).length, 0);
    await settle();
  },
  { limitMs: LIMIT_MS },
);

/** One of them is started, unless one runs; nobody else is there when the dust has settled. */
async function race(run, dir, port, seen) {
  const incumbent = masterOf(run);
  const begun = now();
  const results = await Promise.all(
    Array.from({ length: CONTENDERS }, () => elpisJson(run, ["start", dir])),
  );
  seen.took.push(now() - begun);
  const owners = results.filter(({ code }) => code === 0);
  if (owners.length !== (incumbent === undefined ? 1 : 0)) seen.owners++;
  for (const { code, answer } of results) if (code !== 0) count(seen.refusals, answer?.error?.code);
  const pid = incumbent ?? owners[0]?.answer.app.pid;
  const { answer } = await elpisJson(run, ["ps", NAME]);
  const processes = answer.processes ?? [];
  const workers = processes.filter(({ name }) => name === "web").map((one) => one.pid);
  const { pid: answered } = await ask(port);
  if (processes[0]?.pid !== pid || !workers.includes(answered)) seen.reached++;
  const expected = new Set([pid, ...workers]);
  const isAlone = () => family(run).every((one) => expected.has(one));
  if (!(await until("the losers to be gone", isAlone, 5000).catch(() => false))) seen.orphans++;
}

/** What runs of the application: its masters, and their children. */
function family(run) {
  const isOf = ([, { command }]) => command.includes("__serve") || command.includes("fixtures/web");
  return [...familyOf(run.home)].filter(isOf).map(([pid]) => pid);
}

function masterOf(run) {
  return [...familyOf(run.home)].find(([, { command }]) => command.includes("__serve"))?.[0];
}

/** Ends whoever owns the name; one that was killed may still be leaving when the others come. */
async function clear(run, way) {
  const pid = masterOf(run);
  if (pid === undefined || way === "none") return;
  if (way === "stopped") await elpisJson(run, ["stop", NAME]);
  else signal(pid, "SIGKILL");
  await until("the master to be gone", () => !isAlive(pid));
}
