import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./blocks.ts";

/** Where a code was seen. */
export type CodePlaces = ReadonlyMap<string, string>;

/** A source file of a published package, by its path from the root. */
interface Source {
  readonly file: string;
  readonly text: string;
}

/** All error codes that the sources of the packages can raise, each with one file that names it. */
export function codesInSources(): CodePlaces {
  const variables = environmentVariables();
  const codes = new Map<string, string>();
  for (const { file, text } of sources()) {
    for (const [, code = ""] of text.matchAll(/"(ELPIS_[A-Z_]*[A-Z])"/g)) {
      if (!variables.has(code)) codes.set(code, file);
    }
    // The kernel gives the last part of a code; all of its texts in capitals are such parts.
    if (!file.startsWith("packages/core/src/kernel/")) continue;
    for (const [, part = ""] of text.matchAll(/"([A-Z][A-Z_]+)"/g)) {
      codes.set(`ELPIS_PLUGIN_${part}`, file);
    }
  }
  return codes;
}

/** The files that put codes together from parts, where a search for whole codes finds nothing. */
export function filesWithComposedCodes(): string[] {
  return sources().flatMap(({ file, text }) => (/`ELPIS_[A-Z_]*\$\{/.test(text) ? [file] : []));
}

/** The codes that doc comments promise with `@throws`, each with the file. */
export function codesInThrows(): CodePlaces {
  const codes = new Map<string, string>();
  for (const { file, text } of sources()) {
    for (const [promise] of text.matchAll(/@throws[^@]*?\*\//g)) {
      for (const [code] of promise.matchAll(/ELPIS_[A-Z_]*[A-Z]\b/g)) codes.set(code, file);
    }
  }
  return codes;
}

/** The rows of the tables in `docs/reference/errors.md`: a code, and what is said of it. */
export function codesInDocument(): Array<{ code: string; cells: string[] }> {
  const text = readFileSync(join(ROOT, "docs/reference/errors.md"), "utf8");
  return text.split("\n").flatMap((line) => {
    const [, code] = /^\| `(ELPIS_[A-Z_]+)` +\|/.exec(line) ?? [];
    if (code === undefined) return [];
    const cells = line.split(/(?<!\\)\|/).slice(2, -1);
    return [{ code, cells: cells.map((cell) => cell.trim()) }];
  });
}

/** Variables of the environment are named like codes; the file that holds them holds nothing else. */
function environmentVariables(): Set<string> {
  const text = readFileSync(join(ROOT, "plugins/process/src/environment.ts"), "utf8");
  return new Set([...text.matchAll(/"(ELPIS_[A-Z_]+)"/g)].map(([, name = ""]) => name));
}

function sources(): Source[] {
  return ["packages", "plugins"].flatMap((kind) =>
    readdirSync(join(ROOT, kind)).flatMap((name) => filesIn(join(kind, name, "src"))),
  );
}

function filesIn(dir: string): Source[] {
  return readdirSync(join(ROOT, dir), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((path) => {
      const file = join(dir, path);
      return { file, text: readFileSync(join(ROOT, file), "utf8") };
    });
}
