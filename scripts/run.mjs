/** How scripts start other programs: npm, and the tools installed in the root, all without chatter. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { readJson, root } from "./workspace.mjs";

/** Our environment, with telemetry, daemons and update notices of the tools turned off. */
export const quietEnv = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1",
  DO_NOT_TRACK: "1",
  NX_DAEMON: "false",
  npm_config_update_notifier: "false",
};

/**
 * Runs a program in the root and waits for it.
 * @param options.capture return what it printed instead of showing it
 * @returns exit code (1 when it was killed or could not start) and captured output
 */
export function run(
  file,
  args,
  { cwd = root, env = quietEnv, capture = false, shell = false, timeoutMs } = {},
) {
  const stdio = capture ? ["ignore", "pipe", "pipe"] : "inherit";
  const result = spawnSync(file, args, {
    cwd,
    env,
    stdio,
    shell,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    timeout: timeoutMs,
  });
  if (result.error) console.error(`${file}: ${result.error.message}`);
  return { code: result.status ?? 1, stdout: result.stdout ?? "", stderr: result.stderr ?? "" };
}

/** Runs npm: the one that started us, else the one on the PATH. */
export function npm(args, options) {
  const self = process.env.npm_execpath;
  if (self?.endsWith("npm-cli.js")) return run(process.execPath, [self, ...args], options);
  return run("npm", args, { ...options, shell: process.platform === "win32" });
}

/** The script behind a tool's command, e.g. `bin("typescript", "tsc")`. */
export function bin(name, command = name) {
  const { bin: declared } = readJson(`node_modules/${name}/package.json`);
  return join(
    root,
    "node_modules",
    name,
    typeof declared === "string" ? declared : declared[command],
  );
}

/** Runs an installed tool with the Node that runs us. */
export function tool(name, args, { command, ...options } = {}) {
  return run(process.execPath, [bin(name, command), ...args], options);
}
