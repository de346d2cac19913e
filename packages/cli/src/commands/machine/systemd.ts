import type { UnitFacts } from "./unit-facts.ts";

/** How long the master may be silent before systemd starts it again. */
const WATCHDOG_SECONDS = 30;

/** A unit of systemd. Pure. */
export function systemdUnit(facts: UnitFacts): string {
  const { app, dir, scope, command, startSeconds, stopSeconds } = facts;
  const isSystem = scope === "system";
  const lines = [
    "# Made by: elpis startup",
    "[Unit]",
    `Description=${plain(app)}, run by Elpis`,
    ...(isSystem ? ["Wants=network-online.target", "After=network-online.target"] : []),
    "",
    "[Service]",
    "Type=notify",
    // The words come from a helper of the master, not from the master itself.
    "NotifyAccess=all",
    `WatchdogSec=${WATCHDOG_SECONDS}`,
    `ExecStart=${command.map((word) => quoted(word, true)).join(" ")}`,
    "ExecReload=/bin/kill -HUP $MAINPID",
    `WorkingDirectory=${plain(dir)}`,
    ...environment(facts),
    ...(isSystem ? [`User=${plain(facts.user)}`] : []),
    // Only the master is asked to stop; it knows the order. Whatever is left is killed.
    "KillMode=mixed",
    "Restart=on-failure",
    "RestartSec=1",
    // A wrong command line or config does not get right by trying again.
    "RestartPreventExitStatus=2 3",
    `TimeoutStartSec=${startSeconds}`,
    `TimeoutStopSec=${stopSeconds}`,
    ...(facts.hasLimits ? ["Delegate=yes"] : []),
    "",
    "[Install]",
    `WantedBy=${isSystem ? "multi-user.target" : "default.target"}`,
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * A unit of the whole machine has no folder of its user's session: it gets one of its own, which is kept over restarts,
 * as the other apps of that user are in it too.
 */
function environment({ scope, home, path, user }: UnitFacts): string[] {
  const variable = (assignment: string): string => `Environment=${quoted(assignment, false)}`;
  const search = variable(`PATH=${path}`);
  if (home !== undefined) return [search, variable(`ELPIS_HOME=${home}`)];
  if (scope === "user") return [search];
  const folder = systemFolder(user);
  return [
    search,
    `Environment="ELPIS_HOME=%t/${folder}"`,
    `RuntimeDirectory=${folder}`,
    "RuntimeDirectoryMode=0700",
    "RuntimeDirectoryPreserve=yes",
  ];
}

/** Name below `/run` of the folder of a user's apps that the machine starts. */
export function systemFolder(user: string): string {
  return `elpis-${user}`;
}

/** A word in a unit: quoted, and without what systemd would put something else for. */
export function quoted(word: string, isCommand: boolean): string {
  const inner = plain(word).replace(/[\\"]/g, "\\$&");
  return `"${isCommand ? inner.replaceAll("$", () => "$$") : inner}"`;
}

function plain(text: string): string {
  return text.replace(/[\r\n]+/g, " ").replaceAll("%", "%%");
}
