import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { unknownTemplate } from "./errors.ts";
import type { Names } from "./names.ts";

/** One file of a project that is to be made. */
export interface NewFile {
  /** From the folder of the project. */
  readonly path: string;
  readonly text: string;
}

/** What there is to choose from. */
export const TEMPLATES: readonly string[] = ["app", "plugin", "reporter"];

/** The version of this package, and of all others of Elpis. */
export function ownVersion(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

/** npm leaves out, or takes for its own, what has these names in a package. */
const RENAMED: Readonly<Record<string, string>> = {
  "_package.json": "package.json",
  _gitignore: ".gitignore",
};

/** The files of a template with the names filled in. @throws ELPIS_CREATE_TEMPLATE */
export function filesOf(template: string, { name, id, identifier }: Names): NewFile[] {
  if (!TEMPLATES.includes(template)) throw unknownTemplate(template, TEMPLATES);
  const dir = fileURLToPath(new URL(`../templates/${template}/`, import.meta.url));
  const values: Readonly<Record<string, string>> = {
    ...{ NAME: name, ID: id, IDENTIFIER: identifier, VERSION: ownVersion() },
  };
  const fill = (text: string): string =>
    text.replace(/__([A-Z]+)__/g, (all, key: string) => values[key] ?? all);
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name: file }) => {
      const from = join(parentPath, file);
      const path = relative(dir, join(parentPath, RENAMED[file] ?? file));
      return { path, text: fill(readFileSync(from, "utf8")) };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
