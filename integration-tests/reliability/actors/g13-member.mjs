// A member of a group. What it runs it writes down first, so that it is known even when it is killed.
import { openSync, writeSync } from "node:fs";
import { join, serve } from "../lib/actor.mjs";
import { pause, turn } from "../lib/numbers.mjs";

let client;
let off;
let running = 0;

serve({
  async begin({ hub, file }) {
    const fd = openSync(file, "w");
    const note = Buffer.alloc(4);
    client = await join(hub, "member");
    off = client.on("g13.event", async (id) => {
      note.writeUInt32LE(id);
      writeSync(fd, note);
      running++;
      if (id % 3 === 0) await pause(id % 5);
      running--;
    });
    await client.peers({ id: 0 });
  },
  async leave({ way }) {
    if (way === "off") off();
    else client.setReady(false);
    // Behind this answer the hub hands over nothing more.
    await client.peers({ id: 0 });
    while (running > 0) await turn();
    await client.close();
  },
});
