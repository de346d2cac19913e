// Writes numbered lines to a file that others write as well.
import { createLogger } from "@elpis/logs/logger";
import { join, serve } from "../lib/actor.mjs";
import { now } from "../lib/numbers.mjs";

/** Lines are due each so many milliseconds. */
const BEAT_MS = 10;

let log;
let name;
let timer;
let next = 0;
let safe = 0;
const told = [];

serve({
  async open({ hub, index, dir, options }) {
    const client = await join(hub, "logs-writer", { location: { index } });
    name = index;
    const onTrouble = (error) => told.push(error.code);
    log = createLogger("shared", { dir, hub: client, onTrouble, ...options });
  },
  /** So many lines a second; after a pause that it did not want it does not make up for those it missed. */
  begin({ rate }) {
    let last = now();
    timer = setInterval(() => {
      const due = Math.round((Math.min(now() - last, 5 * BEAT_MS) * rate) / 1000);
      last = now();
      for (let n = 0; n < due; n++) log.info({ w: name, n: next++ });
      const written = next;
      void log.flush().then((isWritten) => {
        if (isWritten) safe = Math.max(safe, written);
      });
    }, BEAT_MS);
  },
  /** How many of its lines are in the file for certain. */
  progress: () => safe,
  async end() {
    clearInterval(timer);
    await log.close();
    return { lines: next, lost: log.lost, told };
  },
});
