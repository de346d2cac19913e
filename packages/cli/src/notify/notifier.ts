import { type ChildProcess, spawn } from "node:child_process";
import type { Message } from "./messages.ts";

/**
 * Node cannot send datagrams to a unix socket. One small shell stays beside the master and has `systemd-notify` do it,
 * so that the order is kept, and the master itself, with all its memory, need not be forked for each message. It ends
 * with the master, because its input does; the signals of a terminal are not for it.
 */
const SCRIPT = `
command -v systemd-notify >/dev/null || exit 127
trap '' INT TERM HUP QUIT
set -f
tab=$(printf '\\t')
while IFS= read -r line; do
  IFS=$tab
  set -- $line
  systemd-notify -- "$@" || exit 1
done
`;
const CLOSE_MS = 3000;

/** A way to tell the service manager something. */
export interface Notifier {
  send(message: Message): void;
  /** Resolves when all that was sent is out, or cannot be. */
  close(): Promise<void>;
}

/** Opens the way to the socket; `onFailure` is called at most once, when it turns out that there is none. */
export function openNotifier(
  socket: string,
  env: NodeJS.ProcessEnv,
  onFailure: (why: string) => void,
): Notifier {
  const { PATH } = env;
  const child = spawn("/bin/sh", ["-c", SCRIPT, "elpis-notify"], {
    env: { NOTIFY_SOCKET: socket, ...(PATH !== undefined && { PATH }) },
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
  });
  const failed = once(onFailure);
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      failed(error.message);
      resolve();
    });
    child.once("exit", (code) => {
      if (code !== 0) failed(whyEnded(code));
      resolve();
    });
  });
  // It may end before it has read everything; that is told by its exit.
  child.stdin?.on("error", () => {});
  return {
    send: (message) => {
      if (child.stdin?.writable === true) child.stdin.write(`${message.join("\t")}\n`);
    },
    close: () => endWithin(child, ended),
  };
}

function whyEnded(code: number | null): string {
  return code === 127
    ? "there is no systemd-notify here; install it, or use Type=exec in the unit"
    : "systemd-notify has failed";
}

async function endWithin(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.stdin?.end();
  const timer = setTimeout(() => child.kill("SIGKILL"), CLOSE_MS);
  await ended;
  clearTimeout(timer);
}

function once(call: (why: string) => void): (why: string) => void {
  let isCalled = false;
  return (why) => {
    if (!isCalled) call(why);
    isCalled = true;
  };
}
