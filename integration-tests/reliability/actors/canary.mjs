// Asks without end, one question at a time every few milliseconds, and checks every answer.
import { createHash, randomBytes } from "node:crypto";
import { join, serve } from "../lib/actor.mjs";
import { count, now, percentile } from "../lib/numbers.mjs";

const PAUSE_MS = 5;

const digest = (bytes) => createHash("sha1").update(bytes).digest("hex");

let seen = fresh();
let client;

function fresh() {
  return { asked: 0, right: 0, wrong: 0, failed: {}, took: [] };
}

async function sing() {
  const question = randomBytes(100);
  const began = now();
  seen.asked++;
  try {
    const answer = await client.request("canary.digest", question, { timeoutMs: 2000 });
    if (answer === digest(question)) seen.right++;
    else seen.wrong++;
  } catch (error) {
    count(seen.failed, error.code);
  }
  seen.took.push(now() - began);
  setTimeout(sing, PAUSE_MS);
}

serve({
  async answer({ hub }) {
    client = await join(hub, "canary-answers");
    client.handle("canary.digest", (bytes) => digest(bytes));
    // Somebody may try to harm it with events as well.
    client.on("canary.digest", () => {});
    await client.peers({ id: 0 });
    return client.location.id;
  },
  async sing({ hub }) {
    client = await join(hub, "canary");
    void sing();
    return client.location.id;
  },
  /** What was seen since the last look. */
  report() {
    const { took, ...rest } = seen;
    seen = fresh();
    return { ...rest, samples: took, p50: percentile(took, 0.5), p99: percentile(took, 0.99) };
  },
});
