#!/usr/bin/env node
// The agent is killed: nobody who is served notices, and it is soon back.
import { fixture, freePort, HostedApplication, PATIENT, web } from "./lib/application.mjs";
import { forkOnce } from "./lib/box.mjs";
import { HttpLoad } from "./lib/load.mjs";
import { now, pause, percentile } from "./lib/numbers.mjs";
import { program } from "./lib/program.mjs";

const RATE = 200;

void program("G7", "the agent's death hurts nobody", async (run) => {
  const kills = run.short ? 4 : 40;
  const port = await freePort();
  const app = await HostedApplication.start(run, {
    name: "g07",
    agent: { entry: fixture("idle"), restart: PATIENT },
    processes: { web: web(port) },
  });
  const settle = await app.busy();
  const load = await HttpLoad.begin(run, port, run.rate(RATE));
  const back = [];
  const forks = [];
  for (let n = 0; n < kills; n++) {
    forks.push(await forkOnce(run.processes));
    const [pid] = await app.pidsOf("agent");
    const from = app.changes.length;
    const at = now();
    process.kill(pid, "SIGKILL");
    const isBack = ({ role, state }) => role === "agent" && state === "ready";
    back.push((await app.change("the agent to be back", isBack, from)).at - at);
    await pause(run.short ? 50 : 200);
  }
  run.judge(percentile(forks, 0.95));
  const share = run.short ? 0.5 : 0.95;
  const name = `p${share * 100} of ${kills}`;
  run.atMost(`agent back, ${name}`, percentile(back, share), run.replacedMs, "ms");
  load.allAnswered("meanwhile", await load.end());
  run.skip("metrics", "they are not part of it yet");
  await settle();
});
