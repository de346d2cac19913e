import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { shellQuoted } from "./openrc.ts";
import type { Platform, Scope } from "./platform.ts";

/** A command that belongs to the installation of a file, or its removal. */
export interface Step {
  readonly line: string;
  readonly command: readonly [string, ...string[]];
  /** Whether it can be run here now, and without starting the app. */
  readonly canRun: boolean;
  /** Only to be run once the file is gone. */
  readonly isLast: boolean;
}

/** What is to be done beside the file. Pure but for a look whether systemd runs. */
export function nextSteps(
  place: {
    readonly app: string;
    readonly platform: Platform;
    readonly scope: Scope;
    readonly file: string;
  },
  goal: "add" | "remove",
): Step[] {
  const { app, platform, scope, file } = place;
  const hasSystemd = existsSync("/run/systemd/system");
  const step = (canRun: boolean, isLast: boolean, ...command: [string, ...string[]]): Step => ({
    line: command
      .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : shellQuoted(word)))
      .join(" "),
    command,
    canRun,
    isLast,
  });
  const user = scope === "user" ? ["--user"] : [];
  const unit = `elpis-${app}.service`;
  const isAdding = goal === "add";
  switch (platform) {
    case "systemd":
      return isAdding
        ? [
            step(hasSystemd, false, "systemctl", ...user, "daemon-reload"),
            step(hasSystemd, false, "systemctl", ...user, "enable", unit),
            ...(scope === "user" ? [step(false, false, "loginctl", "enable-linger")] : []),
            step(false, false, "systemctl", ...user, "start", unit),
          ]
        : [
            step(hasSystemd, false, "systemctl", ...user, "disable", "--now", unit),
            step(hasSystemd, true, "systemctl", ...user, "daemon-reload"),
          ];
    case "launchd":
      return [step(!isAdding, false, "launchctl", isAdding ? "load" : "unload", "-w", file)];
    case "openrc":
      return isAdding
        ? [
            step(true, false, "rc-update", "add", `elpis-${app}`, "default"),
            step(false, false, "rc-service", `elpis-${app}`, "start"),
          ]
        : [
            step(true, false, "rc-service", `elpis-${app}`, "stop"),
            step(true, false, "rc-update", "del", `elpis-${app}`, "default"),
          ];
  }
}

/** Runs what can be run; the rest, and what did not work, is for the user. */
export function takeSteps(steps: readonly Step[]): {
  readonly ran: readonly string[];
  readonly left: readonly string[];
} {
  const ran: string[] = [];
  const left: string[] = [];
  for (const { line, command, canRun } of steps) {
    const [program, ...args] = command;
    try {
      if (!canRun) throw new Error("not here");
      execFileSync(program, args, { stdio: "ignore", timeout: 120_000 });
      ran.push(line);
    } catch {
      left.push(line);
    }
  }
  return { ran, left };
}
