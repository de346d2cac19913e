// Where every measured process starts, hub or client: loads one peer and does what the runner says.
import { dial } from "./control.mjs";
import { clientJobs } from "./jobs.mjs";
import { loadPeer } from "./peers.mjs";

const VARIABLE = "ELPIS_BENCH";
const { role, id, control, peer: name, ...shared } = JSON.parse(process.env[VARIABLE]);
const peer = await loadPeer(name);

const context = {
  ...shared,
  HUB: 0,
  roleFile: new URL(import.meta.url),
  envFor: (client) => ({
    ...process.env,
    [VARIABLE]: JSON.stringify({ ...shared, control, peer: name, role: "client", id: client }),
  }),
};

function hubJobs() {
  let hub;
  return {
    start: async () => {
      hub = await peer.startHub({ ...context, onRequest: (payload) => payload });
    },
    usage: () => {
      const { user, system } = process.cpuUsage();
      return { cpuSeconds: (user + system) / 1e6, rssBytes: process.memoryUsage.rss() };
    },
    leave: async () => {
      await hub?.close();
    },
  };
}

const jobs = role === "hub" ? hubJobs() : clientJobs(peer, context, id);
const line = await dial(control, (job, args) => jobs[job](args));
await line.call("hello", { key: role === "hub" ? "hub" : id });
