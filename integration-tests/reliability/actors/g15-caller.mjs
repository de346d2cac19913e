// Asks, and is frozen while it waits.
import { join, serve } from "../lib/actor.mjs";
import { count } from "../lib/numbers.mjs";

let client;

serve({
  async begin({ hub }) {
    client = await join(hub, "frozen-caller");
  },
  async ask({ calls, timeoutMs, to }) {
    const codes = {};
    const asking = Array.from({ length: calls }, async () => {
      try {
        await client.request("g15.hold", 0, { to, timeoutMs });
        count(codes, "answered");
      } catch (error) {
        count(codes, error.code);
      }
    });
    await Promise.all(asking);
    return codes;
  },
});
