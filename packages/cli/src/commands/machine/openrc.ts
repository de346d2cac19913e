import type { UnitFacts } from "./unit-facts.ts";

/** An init script of OpenRC, with its own supervisor. Pure. */
export function openrcScript(facts: UnitFacts): string {
  const { app, dir, user, command, path, home, stopSeconds } = facts;
  const [program = "", ...args] = command;
  // The arguments are read by a shell once more.
  const words = args.map(shellQuoted).join(" ");
  const lines = [
    "#!/sbin/openrc-run",
    "# Made by: elpis startup",
    `name=${shellQuoted(app)}`,
    `description=${shellQuoted(`${app}, run by Elpis`)}`,
    "supervisor=supervise-daemon",
    `command=${shellQuoted(program)}`,
    `command_args=${shellQuoted(words)}`,
    `command_user=${shellQuoted(user)}`,
    `directory=${shellQuoted(dir)}`,
    `output_log=${shellQuoted(`/var/log/elpis-${app}.log`)}`,
    `error_log=${shellQuoted(`/var/log/elpis-${app}.log`)}`,
    `retry="TERM/${stopSeconds}/KILL/5"`,
    "respawn_delay=1",
    'extra_started_commands="reload"',
    `export PATH=${shellQuoted(path)}`,
    ...(home === undefined ? [] : [`export ELPIS_HOME=${shellQuoted(home)}`]),
    "",
    "depend() {",
    "  use net",
    "  after firewall",
    "}",
    "",
    "reload() {",
    '  ebegin "Reloading $RC_SVCNAME"',
    '  supervise-daemon "$RC_SVCNAME" --signal HUP',
    "  eend $?",
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** A word as a shell reads it back unchanged. */
export function shellQuoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
