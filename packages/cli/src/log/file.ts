import { join } from "node:path";
import { runtimeDir } from "@elpis/core";

/** Where the output of a detached app is kept. */
export function logFile(app: string): string {
  return join(runtimeDir(app), "logs", `${app}.log`);
}

/** What the detached master itself prints when it breaks; overwritten at each start. */
export function masterFile(app: string): string {
  return join(runtimeDir(app), "logs", `${app}.master.log`);
}
