import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitFor } from "@elpis/testing";
import { build } from "tsup";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** A program that uses the reporters, in a process of its own. */
export class Child implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly ended: Promise<number | null>;
  output = "";

  constructor(file: string, env: Readonly<Record<string, string>>) {
    const { PATH = "", HOME = "" } = process.env;
    this.#child = spawn(process.execPath, [file], { env: { PATH, HOME, ...env } });
    this.#child.stdout?.on("data", (chunk) => {
      this.output += chunk;
    });
    this.#child.stderr?.on("data", (chunk) => {
      this.output += chunk;
    });
    this.ended = new Promise((resolve) => this.#child.once("close", resolve));
  }

  /** Waits until it has printed a line that begins so, and gives the rest of that line. */
  printed(start: string, timeoutMs = 20_000): Promise<string> {
    return waitFor(
      () => {
        const lines = this.output.split("\n").slice(0, -1);
        const line = lines.find((one) => one.startsWith(start));
        return line === undefined ? undefined : `${line.slice(start.length)} `;
      },
      { what: `the line "${start}" in:\n${this.output}`, timeoutMs },
    );
  }

  say(word: string): void {
    this.#child.stdin?.write(`${word}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}

/**
 * Copies a program of `fixtures` to `dir`, with the sources of this package as one file beside it, and the packages named.
 *
 * @param packages names of packages and the folders that they are in
 */
export async function prepare(
  dir: string,
  fixture: string,
  packages: Readonly<Record<string, string>> = {},
): Promise<string> {
  await build({
    config: false,
    entry: { reporter: fileURLToPath(new URL("../../src/index.ts", import.meta.url)) },
    tsconfig: join(ROOT, "tsconfig.base.json"),
    outDir: dir,
    outExtension: () => ({ js: ".mjs" }),
    format: "esm",
    target: "node20",
    platform: "node",
    noExternal: [/^@elpis\//],
    splitting: false,
    silent: true,
  });
  const { mkdir } = await import("node:fs/promises");
  await mkdir(join(dir, "node_modules"), { recursive: true });
  for (const [name, at] of Object.entries(packages)) {
    await symlink(at, join(dir, "node_modules", name), "dir");
  }
  const file = join(dir, basename(fixture));
  await copyFile(fileURLToPath(new URL(`../fixtures/${fixture}`, import.meta.url)), file);
  return file;
}
