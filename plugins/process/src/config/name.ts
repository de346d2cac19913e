import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

/** What a name may be, for a message. */
export const NAME_RULE: string =
  "a name of at most 64 letters, digits, dots, underscores and dashes that begins with a letter or digit";

/** Whether `value` can be the name of an application or a process. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}

/** Makes a name out of any text: what is not allowed becomes a dash. */
export function toName(text: string, fallback: string): string {
  const name = text
    .replace(/[^a-z0-9._-]+/gi, "-")
    .replace(/^[^a-z0-9]+/i, "")
    .replace(/-+$/, "")
    .slice(0, 64);
  return name === "" ? fallback : name;
}

/** The name of an application that gives none: that of its package without the scope, else of its directory. */
export function defaultAppName(dir: string): string {
  return toName(packageName(dir) ?? basename(dir), "app");
}

function packageName(dir: string): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(dir, "package.json"), "utf8"));
    const name = (manifest as { name?: unknown } | null)?.name;
    return typeof name === "string" && name !== "" ? name.replace(/^@[^/]*\//, "") : undefined;
  } catch {
    // No manifest, or one that npm would refuse as well: the directory has a name too.
    return undefined;
  }
}
