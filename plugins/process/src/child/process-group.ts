/**
 * Sends a signal to a whole process group. On Windows, which has none, to the process.
 *
 * @returns whether there was anybody to hear it
 */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  return send(process.platform === "win32" ? pid : -pid, signal);
}

/** Sends a signal to one process; false when it is gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  return send(pid, signal);
}

function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EPERM: macOS says so of a group of which only zombies are left.
    if (code === "ESRCH" || code === "EPERM") return false;
    throw error;
  }
}
