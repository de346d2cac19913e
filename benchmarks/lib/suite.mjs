// All peers' processes live side by side, idle except for the one that is being measured. Every repetition takes each
// measure on all peers in turn before it goes on to the next measure, and starts with another peer each time: what is
// compared was measured within seconds.
import os from "node:os";
import { MEASURES } from "./measures.mjs";
import { loadPeer } from "./peers.mjs";
import { Session } from "./session.mjs";

/**
 * Runs the peers that can run here.
 * @returns samples by peer and measure, the peers skipped and why, and what went wrong
 */
export async function runSuite({ names, reps, ms, warmMs, budgetMs, install, log }) {
  const began = performance.now();
  const run = { samples: {}, skipped: {}, errors: [], reps: 0 };
  const sessions = new Map();
  try {
    for (const name of names) await openPeer({ name, sessions, run, install, log, jitMs: ms });
    for (let rep = 0; rep < reps && sessions.size > 0; rep++) {
      const started = performance.now();
      await repetition({ rep, sessions, run, ms, warmMs, log });
      run.reps++;
      const now = performance.now();
      const took = now - started;
      log(`repetition ${rep + 1} of ${reps}: ${(took / 1000).toFixed(1)} s`);
      if (rep + 1 < reps && now - began + took > budgetMs) {
        log(`stopping after ${rep + 1} of ${reps} repetitions: the time is up`);
        break;
      }
    }
  } finally {
    await Promise.all([...sessions.values()].map((session) => session.close()));
  }
  return { ...run, seconds: (performance.now() - began) / 1000 };
}

async function openPeer({ name, sessions, run, install, log, jitMs }) {
  const peer = await loadPeer(name);
  const reason = await peer.check({ install, log });
  if (reason !== null) {
    run.skipped[name] = reason;
    log(`skipped ${name}: ${reason}`);
    return;
  }
  run.samples[name] = {};
  const session = new Session(name, peer);
  sessions.set(name, session);
  try {
    await session.open();
    await session.warm(jitMs);
  } catch (error) {
    await dropPeer({ name, sessions, run, log, error });
  }
}

async function repetition({ rep, sessions, run, ms, warmMs, log }) {
  for (const [index, measure] of MEASURES.entries()) {
    for (const name of rotated([...sessions.keys()], rep + index)) {
      try {
        const sample = await sessions.get(name).measure(measure, { warmMs, ms });
        run.samples[name][measure.id] ??= [];
        run.samples[name][measure.id].push(sample);
      } catch (error) {
        await dropPeer({ name, sessions, run, log, error });
      }
    }
  }
}

/** Another one first each time, and every other time backwards. */
function rotated(names, turn) {
  const first = turn % Math.max(1, names.length);
  const order = [...names.slice(first), ...names.slice(0, first)];
  return turn % 2 === 0 ? order : order.reverse();
}

async function dropPeer({ name, sessions, run, log, error }) {
  run.errors.push({ peer: name, error: String(error?.stack ?? error) });
  log(`${name} failed and is left out from here on: ${error?.message ?? error}`);
  const session = sessions.get(name);
  sessions.delete(name);
  await session.close();
}

/** What the figures were taken on. */
export function machine() {
  return {
    date: new Date().toISOString(),
    node: process.version,
    v8: process.versions.v8,
    platform: `${os.platform()} ${os.release()} ${os.arch()}`,
    cpu: os.cpus()[0]?.model ?? "unknown",
    cpus: os.availableParallelism(),
    memoryMiB: Math.round(os.totalmem() / 2 ** 20),
    load: os.loadavg(),
  };
}
