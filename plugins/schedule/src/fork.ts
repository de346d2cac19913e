import { pathToFileURL } from "node:url";
import { type Client, PROCESS_CLIENT } from "@elpis/api";
import type { TaskFunction } from "./contract.ts";
import { noFunction, notForked } from "./errors.ts";
import { ownTasks } from "./runner/tasks.ts";

// What a process runs that was started for one run of a task: `fork.js <task> <module> …`. It offers the function of the
// module, is given its run, and leaves.
void main();

async function main(): Promise<void> {
  const [task = "", file = ""] = process.argv.splice(2, 2);
  const hub = (globalThis as { [PROCESS_CLIENT]?: Client })[PROCESS_CLIENT];
  if (hub === undefined) throw notForked();
  const found = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const own = ownTasks(hub);
  // In good order, as when the master asks for it: what is open is finished, plugins close.
  own.onOver = () => setImmediate(() => process.emit("SIGTERM", "SIGTERM"));
  own.handle(task, functionOf(task, file, found));
}

/** The default export; a transpiled CommonJS module keeps it one level further down. */
function functionOf(task: string, file: string, found: Record<string, unknown>): TaskFunction {
  const outer = found.default as { default?: unknown } | undefined;
  const run = typeof outer === "function" ? outer : outer?.default;
  if (typeof run !== "function") throw noFunction(task, file);
  return run as TaskFunction;
}
