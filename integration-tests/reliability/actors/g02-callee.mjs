// Takes everything and answers nothing.
import { join, serve } from "../lib/actor.mjs";

const never = () => new Promise(() => {});

serve({
  async begin({ hub }) {
    const client = await join(hub, "callee");
    client.handle("g2.hold", never);
    client.on("g2.take", never);
    client.handle("g2.mark", () => true);
    client.serve?.("g2.flow", async function* (input) {
      yield input;
      await never();
    });
    await client.peers({ id: 0 });
    return client.location.id;
  },
});
