// What must not outlive the benchmark, however it ends: processes and directories.
import { rmSync } from "node:fs";

const finders = new Set();
const dirs = new Set();
let isInstalled = false;

function sweep() {
  for (const find of finders) killNow(find());
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
}

function install() {
  if (isInstalled) return;
  isInstalled = true;
  process.once("exit", sweep);
}

/** Ends a process that may be gone already. */
export function killNow(pid) {
  if (!Number.isInteger(pid) || pid <= 1) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone.
  }
}

export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * From now on the process ends with this one; the function returned ends it now. A function is asked for the pid when
 * the time has come: whoever writes it into a file may not have done so yet.
 */
export function owned(pid) {
  install();
  const find = typeof pid === "function" ? pid : () => pid;
  finders.add(find);
  return () => {
    killNow(find());
    finders.delete(find);
  };
}

/** From now on the directory goes with this process; the function returned removes it now. */
export function ownedDir(dir) {
  install();
  dirs.add(dir);
  return () => {
    dirs.delete(dir);
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  };
}
