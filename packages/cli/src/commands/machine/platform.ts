import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** What starts things when a machine starts, as far as it is known here. */
export const PLATFORMS = ["systemd", "launchd", "openrc"] as const;

/** One of {@link PLATFORMS}. */
export type Platform = (typeof PLATFORMS)[number];

/** For the whole machine, or for one user. */
export type Scope = "system" | "user";

/** What this machine has; systemd where it cannot be told. */
export function detectPlatform(): Platform {
  if (process.platform === "darwin") return "launchd";
  if (existsSync("/run/systemd/system")) return "systemd";
  return existsSync("/sbin/openrc-run") ? "openrc" : "systemd";
}

/** Where the file of an app belongs. */
export function unitFile(
  platform: Platform,
  scope: Scope,
  app: string,
  env: NodeJS.ProcessEnv,
): string {
  const { XDG_CONFIG_HOME: config } = env;
  const own = config === undefined || config === "" ? join(homedir(), ".config") : config;
  switch (platform) {
    case "systemd":
      return scope === "system"
        ? `/etc/systemd/system/elpis-${app}.service`
        : join(own, "systemd", "user", `elpis-${app}.service`);
    case "launchd":
      return scope === "system"
        ? `/Library/LaunchDaemons/elpis.${app}.plist`
        : join(homedir(), "Library", "LaunchAgents", `elpis.${app}.plist`);
    case "openrc":
      return `/etc/init.d/elpis-${app}`;
  }
}
