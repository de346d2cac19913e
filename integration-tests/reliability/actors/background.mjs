// Traffic that goes on while something else is measured: 1800 events and 200 requests a second from one peer to another.
import { join, serve } from "../lib/actor.mjs";
import { count } from "../lib/numbers.mjs";

const EVENTS_PER_SECOND = 1800;
const REQUESTS_PER_SECOND = 200;
const TURN_MS = 10;

let heard = 0;
const sent = { events: 0, requests: 0, answered: 0, wrong: 0 };
const failed = {};

async function ask(client, n) {
  sent.requests++;
  try {
    if ((await client.request("load.ask", n)) === n + 1) sent.answered++;
    else sent.wrong++;
  } catch (error) {
    count(failed, error.code);
  }
}

function talk(client) {
  const began = performance.now();
  setInterval(() => {
    const seconds = (performance.now() - began) / 1000;
    for (; sent.events < seconds * EVENTS_PER_SECOND; sent.events++) {
      client
        .emit("load.tick", { n: sent.events, text: "some text of a common length" })
        .catch((error) => {
          count(failed, error.code);
        });
    }
    while (sent.requests < seconds * REQUESTS_PER_SECOND) void ask(client, sent.requests);
  }, TURN_MS);
}

serve({
  async listen({ hub }) {
    const client = await join(hub, "load-sink");
    client.on("load.tick", () => {
      heard++;
    });
    client.handle("load.ask", (n) => n + 1);
    await client.peers({ id: 0 });
  },
  async talk({ hub }) {
    talk(await join(hub, "load-source"));
  },
  report: () => ({ ...sent, failed, heard }),
});
