import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { onTestFinished } from "vitest";
import { main } from "../src/main.ts";

/** A private folder with some files in it, gone after the test. */
export function folder(files: Readonly<Record<string, string>> = {}): string {
  const dir = mkdtempSync(join(tmpdir(), "create-elpis-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

/** All that is in a folder: files with their texts, empty folders with none. */
export function contents(dir: string): Record<string, string> {
  const all = readdirSync(dir, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    all.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(dir, path), entry.isFile() ? readFileSync(path, "utf8") : "(no file)"];
    }),
  );
}

/** Runs a command line in a folder. */
export function run(cwd: string, ...args: string[]): { code: number; out: string; err: string } {
  const texts = { out: "", err: "" };
  const code = main(args, {
    cwd,
    out: (text) => {
      texts.out += text;
    },
    err: (text) => {
      texts.err += text;
    },
  });
  return { code, ...texts };
}
