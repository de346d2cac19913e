// What tasks write to: a store outside of everything, with a fence in front. It notes all that comes, also what it refuses.
import { createFence } from "@elpis/schedule";
import { join, serve } from "../lib/actor.mjs";
import { count, now } from "../lib/numbers.mjs";

/** By run: the attempt whose entry counts. */
const entries = new Map();
const refused = [];
const fence = createFence();
let repeated = 0;
/** What became of commits, by code. */
const commits = {};

function write({ id, token, attempt }) {
  try {
    fence.check(id, token);
  } catch (error) {
    refused.push({ id, token, code: error.code });
    throw error;
  }
  // Whoever wrote it before has died before it could say so: it is there, once.
  if (entries.has(id)) repeated++;
  else entries.set(id, { token, attempt, at: now() });
  return entries.size;
}

serve({
  async open({ hub }) {
    const client = await join(hub, "ledger");
    client.handle("ledger.write", write);
    client.handle("ledger.commit", ({ code }) => count(commits, code));
    await client.peers({ id: 0 });
  },
  has: (id) => entries.get(id),
  holds: (least) => entries.size >= least,
  refused: (id) => refused.some((one) => one.id === id),
  report: () => ({
    ids: [...entries.keys()],
    later: [...entries.values()].filter(({ attempt }) => attempt > 1).length,
    ...{ refused, repeated, commits },
  }),
});
