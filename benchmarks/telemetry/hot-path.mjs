// What one measurement costs the process that makes it.
import { median } from "../lib/stats.mjs";
import { ACTIONS, CLIENTS } from "./clients.mjs";

const CALLS = 200_000;

/** Processor time, garbage and all: others on the machine do not count. */
function nanosecondsOf(action) {
  const before = process.cpuUsage();
  for (let at = 0; at < CALLS; at++) action(at);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / CALLS;
}

/** By action and client: the median of nanoseconds for one call. Clients take turns, so that a busy moment hits all. */
export function measureHotPath(reps) {
  const results = {};
  for (const action of ACTIONS) {
    const samples = {};
    for (let rep = -3; rep < reps; rep++) {
      for (const [client, actions] of Object.entries(CLIENTS)) {
        if (actions[action] === undefined) continue;
        const took = nanosecondsOf(actions[action]);
        samples[client] ??= [];
        // The first ones are for the compiler.
        if (rep >= 0) samples[client].push(took);
      }
    }
    results[action] = Object.fromEntries(
      Object.entries(samples).map(([client, taken]) => [client, median(taken)]),
    );
  }
  return results;
}
