import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseState, type SavedState } from "./state.ts";

const FILE = "state.json";

/** Where the master of an application with this runtime folder writes down what it knows. */
export function stateFile(dir: string): string {
  return join(dir, FILE);
}

/** What the last master of an application has written down; undefined: nothing, or nothing that can be read. */
export function readState(dir: string): SavedState | undefined {
  const found = findState(dir);
  return found === "damaged" ? undefined : found;
}

/** As {@link readState}, where a file that makes no sense is told from none. */
export function findState(dir: string): SavedState | "damaged" | undefined {
  let text: string;
  try {
    text = readFileSync(stateFile(dir), "utf8");
  } catch {
    return undefined;
  }
  return parseState(text) ?? "damaged";
}

/** Keeps a file that makes no sense for a person to look at, out of the way. Returns where. */
export function putAside(dir: string): string {
  const aside = `${stateFile(dir)}.bad`;
  renameSync(stateFile(dir), aside);
  return aside;
}

/** Written aside and renamed, so that nobody reads half of it, whenever the master dies. */
export function writeStateText(dir: string, text: string): void {
  const draft = `${stateFile(dir)}.${process.pid}`;
  // It holds what processes prove with who they are, and the variables of the configuration.
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, stateFile(dir));
}

export function removeState(dir: string): void {
  rmSync(stateFile(dir), { force: true });
}
