// Memory of a process, in MiB. Private memory and the share of what is shared are told on
// Linux only; Windows tells nothing.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { median } from "../../lib/stats.mjs";
import { sleep } from "./wait.mjs";

const kilobytes = (text, name) =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]);

/** `rss` all that is resident, `pss` shared pages divided by their users, `own` what would be free without it. */
export async function memoryOf(pid) {
  if (process.platform === "win32") return {};
  if (process.platform !== "linux") return { rss: await fromPs(pid) };
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  const own = kilobytes(text, "Private_Clean") + kilobytes(text, "Private_Dirty");
  return {
    rss: kilobytes(text, "Rss") / 1024,
    pss: kilobytes(text, "Pss") / 1024,
    own: own / 1024,
  };
}

/** The most that was ever resident; undefined where the system does not tell. */
export async function peakOf(pid) {
  if (process.platform !== "linux") return undefined;
  return kilobytes(await readFile(`/proc/${pid}/status`, "utf8"), "VmHWM") / 1024;
}

/** The median of some samples, field by field. */
export async function settledMemory(pid, { samples = 3, everyMs = 300 } = {}) {
  const taken = [];
  for (let i = 0; i < samples; i++) {
    if (i > 0) await sleep(everyMs);
    taken.push(await memoryOf(pid));
  }
  return Object.fromEntries(
    Object.keys(taken[0]).map((field) => [field, median(taken.map((one) => one[field]))]),
  );
}

async function fromPs(pid) {
  const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)]);
  return Number(stdout.trim()) / 1024;
}
