// Rotates what several processes write.
import { askWriters, SharedFiles, serveSharedFiles } from "@elpis/logs/logger";
import { join, serve } from "../lib/actor.mjs";

const TICK_MS = 100;
const ROTATE_MS = 1000;
const told = [];
const tell = (text, fields) => told.push(`${text} ${JSON.stringify(fields)}`);
const log = { debug() {}, info() {}, warn: tell, error: tell, child: () => log };

let files;
let timers = [];

serve({
  async open({ hub }) {
    const client = await join(hub, "logs-rotator");
    files = new SharedFiles({ ask: askWriters(client), log });
    serveSharedFiles(client, files);
    timers = [setInterval(() => files.tick(), TICK_MS)];
  },
  /** Each second, whatever the policy says. */
  begin() {
    timers.push(setInterval(() => files.rotate(), ROTATE_MS));
  },
  status: () => files.status(),
  async end() {
    for (const timer of timers) clearInterval(timer);
    await files.close();
    return { told };
  },
});
