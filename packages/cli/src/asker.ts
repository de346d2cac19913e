import { readlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";

/** Who runs this command, for the audit trail of the app: `ann@pts/3 (elpis reload)`. */
export function asker(command: string): string {
  return `${userName()}@${terminal() ?? hostname()} (elpis ${command})`;
}

/** The name of this user, or the number where the system has no name for it, as in many containers. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}

function terminal(): string | undefined {
  if (process.stdin.isTTY !== true) return undefined;
  try {
    return /^\/dev\/((?:pts\/|tty).+)$/.exec(readlinkSync("/proc/self/fd/0"))?.[1];
  } catch {
    return undefined;
  }
}
