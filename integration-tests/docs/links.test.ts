import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { documents, ROOT } from "./blocks.ts";

const readmes = ["packages", "plugins", "examples"].flatMap((kind) =>
  readdirSync(join(ROOT, kind)).map((name) => join(kind, name, "README.md")),
);
const files = new Set([...documents(), "CONTRIBUTING.md", "benchmarks/README.md", ...readmes]);

describe("links between documents", () => {
  it.each([...files].filter((file) => existsSync(join(ROOT, file))))(
    "of %s lead somewhere",
    (file) => {
      const text = withoutCode(readFileSync(join(ROOT, file), "utf8"));
      const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
      const broken = links.filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(file, link));
      expect(broken).toEqual([]);
    },
  );
});

function leadsSomewhere(from: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? from : join(dirname(from), path);
  if (relative(ROOT, join(ROOT, target)).startsWith("..")) return false;
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || headings(target).includes(anchor);
}

/** The anchors that a document has, made from its headings as GitHub makes them. */
function headings(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
}
