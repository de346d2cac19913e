import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** A fenced block of a document. */
export interface Block {
  /** Path of the document from the root. */
  readonly file: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** What stands behind the language, such as `run` or `file=web.ts`. */
  readonly info: readonly string[];
  readonly text: string;
}

const PLACES = ["README.md", "docs", "packages/core/README.md"];

/** Every document whose blocks are checked, by its path from the root. */
export function documents(): string[] {
  return PLACES.flatMap((place) => {
    if (place.endsWith(".md")) return [place];
    return readdirSync(join(ROOT, place), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".md"))
      .map((file) => join(place, file));
  });
}

/** The fenced blocks of a document, in order. */
export function blocksOf(file: string): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; language: string; info: string[]; text: string[] } | undefined;
  for (const [index, line] of readFileSync(join(ROOT, file), "utf8").split("\n").entries()) {
    if (!line.startsWith("```")) {
      open?.text.push(line);
    } else if (open === undefined) {
      const [language = "", ...info] = line.slice(3).trim().split(/\s+/);
      open = { line: index + 1, language, info, text: [] };
    } else {
      blocks.push({ ...open, file, text: `${open.text.join("\n")}\n` });
      open = undefined;
    }
  }
  return blocks;
}
