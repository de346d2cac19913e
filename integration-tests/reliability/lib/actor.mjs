// The child's side of the line between a program and the processes that it starts: see processes.mjs.
import { connectTo } from "@elpis/core";

const SILENT = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

/** Answers what the program calls, by name. The process ends when the program does. */
export function serve(methods) {
  process.on("message", async ({ id, name, args }) => {
    try {
      process.send({ id, value: await methods[name](args) });
    } catch (error) {
      const { message, code, stack, details } = error;
      process.send({ id, error: { message, code, stack, pid: details?.pid } });
    }
  });
  process.on("disconnect", () => process.exit(0));
}

/** Joins the hub of the run. */
export function join(hub, name, options = {}) {
  return connectTo(hub, { log: SILENT, ...options, location: { name, ...options.location } });
}
