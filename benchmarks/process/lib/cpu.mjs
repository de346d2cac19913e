// Processor time of processes, in milliseconds. On Linux only.
import { readFile } from "node:fs/promises";

/** Linux tells it in hundredths of a second, whatever the machine. */
const TICK_MS = 10;

/** What these processes have used so far, all together; undefined where the system does not tell. */
export async function cpuMsOf(pids) {
  if (process.platform !== "linux") return undefined;
  const all = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8")));
  // The name of the program, in brackets, may hold anything; user and system time are fields 14 and 15.
  const ticks = all.map((text) => {
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) * TICK_MS;
}
