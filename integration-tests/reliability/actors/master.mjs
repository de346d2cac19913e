// The master of an application, in a process of its own.
import { createMaster, loadConfig, resolveConfig } from "@elpis/process";
import { schedule } from "@elpis/schedule";
import { serve } from "../lib/actor.mjs";
import { now } from "../lib/numbers.mjs";

const tell = (event, value) => process.send({ event, value: { ...value, at: now() } });
const logger = () => {
  const at = (level) => (text, fields) => tell("log", { level, text, fields });
  const log = { debug() {}, info: at("info"), warn: at("warn"), error: at("error") };
  return { ...log, child: () => log };
};

let master;

serve({
  /** @param config `schedule` in it is what the plugin of that name is given; with `path` it is read from there */
  async open({ config: { path, schedule: tasks, ...config }, dir }) {
    const plugins = tasks === undefined ? [] : [schedule(tasks)];
    const definition =
      path === undefined
        ? resolveConfig({ ...config, plugins }, { file: dir, dir })
        : await loadConfig({ path });
    master = createMaster({
      config: definition,
      log: logger(),
      output: ({ process: name, index, stream, text }) =>
        tell("output", { name, index, stream, text }),
    });
    master.events.on("process", (change) => tell("change", change));
    await master.start();
    return master.status();
  },
  status: () => master.status(),
  reload: (options) => master.reload(options),
  restart: (options) => master.restart(options),
  scale: (scale) => master.scale(scale),
  stop: (options) => master.stop(options),
  stats: () => master.hub.stats(),
  heap() {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  },
});
