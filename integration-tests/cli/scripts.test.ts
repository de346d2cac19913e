import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdtemp, readFile, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isAlive } from "../support/processes.ts";
import { until } from "../support/wait.ts";
import { writeApp } from "./fixtures.ts";

const SCRIPTS: string = fileURLToPath(new URL("../../scripts/", import.meta.url));

/** In place of the command line: writes down its pid and each signal, and takes its time to end. */
const RECORDER = `
import { appendFileSync } from "node:fs";
const note = (text) => appendFileSync(process.env.NOTES, text + "\\n");
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
  process.on(signal, () => {
    note(signal);
    setTimeout(() => process.exit(0), 1500);
  });
}
setInterval(() => {}, 1000);
note("pid " + process.pid);
`;

let root: string;
let started: ChildProcess | undefined;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "elpis-scripts-")));
  await writeApp(root, {
    "package.json": '{ "workspaces": [] }',
    "node_modules/.keep": "",
    "examples/shop/.keep": "",
    "packages/cli/dist/package.json": '{ "type": "module" }',
    "packages/cli/dist/bin.js": RECORDER,
    "scripts/run.mjs": `
      export const npm = ([command]) => (console.log("npm", command), { code: 0 });
      export const tool = (name) => (console.log("tool", name), { code: 0 });
    `,
  });
  for (const name of ["start.mjs", "setup.mjs", "workspace.mjs"]) {
    await copyFile(join(SCRIPTS, name), join(root, "scripts", name));
  }
});

afterEach(async () => {
  started?.kill("SIGKILL");
  started = undefined;
  const pid = await pidOfApp().catch(() => 0);
  if (pid > 0 && isAlive(pid)) process.kill(pid, "SIGKILL");
  await rm(root, { recursive: true, force: true });
});

async function notes(): Promise<string[]> {
  const text = await readFile(join(root, "notes"), "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

async function pidOfApp(): Promise<number> {
  return Number(/^pid (\d+)$/.exec((await notes())[0] ?? "")?.[1] ?? 0);
}

/** Starts as npm does: below a shell. Returns the pids of the script and of the app. */
async function startBelowShell(): Promise<{ script: number; app: number }> {
  const command = '"$0" scripts/start.mjs & echo "script $!"; wait';
  const shell = spawn("/bin/sh", ["-c", command, process.execPath], {
    cwd: root,
    env: { ...process.env, npm_lifecycle_event: "start", NOTES: join(root, "notes") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  started = shell;
  let text = "";
  shell.stdout.setEncoding("utf8").on("data", (more: string) => {
    text += more;
  });
  const app = await until("the app to be there", async () => (await pidOfApp()) || undefined);
  return { script: Number(/script (\d+)/.exec(text)?.[1]), app };
}

test("start passes one signal on, also when the shell of npm dies of it as well", async () => {
  const { script, app } = await startBelowShell();
  process.kill(script, "SIGINT");
  started?.kill("SIGKILL");
  await until("the app to end", () => !isAlive(app));
  expect((await notes()).slice(1)).toEqual(["SIGINT"]);
});

test("start stops the app when the shell of npm dies and tells nobody", async () => {
  const { app } = await startBelowShell();
  started?.kill("SIGKILL");
  await until("the app to end", () => !isAlive(app));
  expect((await notes()).slice(1)).toEqual(["SIGTERM"]);
});

test("setup does its work when it is called by a path with a symbolic link", async () => {
  const link = `${root}-link`;
  await symlink(root, link);
  try {
    const setup = spawn(process.execPath, [join(link, "scripts/setup.mjs")], { stdio: "pipe" });
    let text = "";
    setup.stdout.setEncoding("utf8").on("data", (more: string) => {
      text += more;
    });
    const code = await new Promise((resolve) => setup.once("close", resolve));
    expect([code, text]).toEqual([
      0,
      "setup: npm install\nnpm install\nsetup: building\ntool turbo\n",
    ]);
  } finally {
    await rm(link);
  }
});
