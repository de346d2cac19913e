import { now, percentile } from "./numbers.mjs";

/** What the goals were set on, in milliseconds: a box that needs longer gets as much more time. */
const REFERENCE_MS = 90;

/** The box's own `fork → first message`, p95, in milliseconds. */
export async function measureBox(processes, forks) {
  const took = [];
  for (let i = 0; i < forks; i++) took.push(await forkOnce(processes));
  return percentile(took, 0.95);
}

/** How long one takes. */
export async function forkOnce(processes) {
  const began = now();
  const child = processes.start("first-message");
  await new Promise((resolve) => child.on("here", resolve));
  const took = now() - began;
  child.kill();
  await child.exited;
  return took;
}

/** By how much goals in milliseconds are stretched on a box where a fork takes `forkMs`. Never below 1. */
export const stretch = (forkMs) => Math.max(1, forkMs / REFERENCE_MS);
