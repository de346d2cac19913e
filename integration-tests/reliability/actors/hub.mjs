// A hub in a process of its own.
import { createHub } from "@elpis/core";
import { serve } from "../lib/actor.mjs";

let hub;

serve({
  async open(options) {
    hub = await createHub(options);
    return { path: hub.path, secret: hub.secret, dir: hub.dir };
  },
  stats: () => hub.stats(),
  /** Bytes of the heap that are in use; exact where the process was started with `--expose-gc`. */
  heap() {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  },
  close: () => hub.close(),
});
