// Wants to be the hub of a name.
import { createHub } from "@elpis/core";
import { serve } from "../lib/actor.mjs";
import { now, pause } from "../lib/numbers.mjs";

const QUIET = { debug() {}, info() {}, warn() {}, error() {}, child: () => QUIET };

let hub;
let isStopped = false;

async function tryOnce(name) {
  try {
    hub = await createHub({ name, log: QUIET });
    hub.client.handle("g20.who", () => process.pid);
    return { isOwner: true };
  } catch (error) {
    return { isOwner: false, code: error.code ?? String(error) };
  }
}

serve({
  async contend({ name, at, insist }) {
    isStopped = false;
    while (now() < at);
    let result = await tryOnce(name);
    while (insist && !result.isOwner && !isStopped) {
      await pause(1);
      result = await tryOnce(name);
    }
    return result;
  },
  stop() {
    isStopped = true;
  },
  close: () => hub.close(),
});
