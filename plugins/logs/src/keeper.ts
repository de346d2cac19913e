/**
 * The process that keeps the output of others: started by the master's part of the plugin, told over Node's own channel
 * what to do, and gone with it. Not to be imported.
 */
import { Keeper } from "./keeper/keeper.ts";
import type { FromKeeper, ToKeeper } from "./keeper/messages.ts";

/** How long after the end of the master what is still being printed is read on. */
const LAST_OUTPUT_MS = 1000;
/** However full the disk is, this process ends. */
const BOUND_MS = 4000;

let keeper: Keeper | undefined;
let isClosing = false;

const tell = (message: FromKeeper): void => {
  // The master may be gone in this very moment.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
};

const close = async (lastOutputMs: number): Promise<void> => {
  if (isClosing) return;
  isClosing = true;
  setTimeout(() => process.exit(1), BOUND_MS).unref();
  await keeper?.close(lastOutputMs);
  process.exit(0);
};

// A terminal, or a service manager, may signal every process that there is; what they print last is to be kept.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
if (process.platform !== "win32") process.on("SIGUSR2", () => void keeper?.reopen());

process.on("disconnect", () => void close(LAST_OUTPUT_MS));
process.on("message", (message: ToKeeper) => {
  if (message.type === "plan") {
    keeper = new Keeper(message.plan, tell);
    tell({ type: "up" });
  } else if (message.type === "close") {
    void close(LAST_OUTPUT_MS);
  } else {
    keeper?.hear(message);
  }
});
