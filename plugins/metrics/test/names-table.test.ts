import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CATALOG } from "../src/catalog/catalog.ts";
import { namesTables } from "./names-table.ts";

const GUIDE = new URL("../../../docs/guide/metrics.md", import.meta.url);
const BEGIN = "<!-- names: begin -->\n\n";
const END = "\n\n<!-- names: end -->";

it("the guide has every name, as the catalog has it (ELPIS_WRITE_DOCS=1 writes it)", () => {
  const text = readFileSync(GUIDE, "utf8");
  const [from, to] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)];
  const wanted = namesTables(CATALOG);
  if (process.env.ELPIS_WRITE_DOCS === "1") {
    writeFileSync(GUIDE, text.slice(0, from) + wanted + text.slice(to));
    return;
  }
  expect(text.slice(from, to)).toBe(wanted);
});
