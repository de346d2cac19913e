import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault, HEADER_BYTES, Kind } from "@elpis/protocol";
import { afterAll, describe, expect, it } from "vitest";
import { blocksOf, ROOT } from "./blocks.ts";
import { converse, EXAMPLE } from "./conversation.ts";

const FILE = "docs/protocol.md";
const text = readFileSync(join(ROOT, FILE), "utf8");
const shown = blocksOf(FILE)
  .filter(({ language }) => language === "hex")
  .map(({ info, text }) => ({
    name: info[0],
    hex: text.replace(/#.*$/gm, "").replace(/\s+/g, ""),
  }));

describe("docs/protocol.md", () => {
  const dir = mkdtempSync(join(tmpdir(), "elpis-docs-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it("shows a conversation byte by byte as a real hub holds it", async () => {
    const said = await converse(dir);
    expect(shown).toEqual(said.map(({ name, bytes }) => ({ name, hex: bytes.toString("hex") })));
  });

  it("describes the proofs so that somebody else can make them", () => {
    const { secret, peerNonce, hubNonce } = EXAMPLE;
    const proof = (label: string): string =>
      createHmac("sha256", secret)
        .update(Buffer.concat([Buffer.from(`${label}\0`, "ascii"), peerNonce, hubNonce]))
        .digest("hex");
    const hexOf = (name: string): string => shown.find((frame) => frame.name === name)?.hex ?? "";
    expect(hexOf("challenge")).toContain(proof("elpis 1 hub"));
    expect(hexOf("auth")).toContain(proof("elpis 1 peer"));
  });

  it("has every kind and every fault, with its number", () => {
    const rows = [...text.matchAll(/^\| +0x([0-9a-f]{2}) \| `(\w+)` +\|/gm)];
    const kinds = rows.map(([, number = "", name = ""]) => [name, Number.parseInt(number, 16)]);
    expect(Object.fromEntries(kinds)).toEqual(Kind);
    const faults = [...text.matchAll(/^\| +(\d) \| `(\w+)` +\|/gm)];
    expect(Object.fromEntries(faults.map(([, code, name]) => [name, Number(code)]))).toEqual(Fault);
  });

  it("has a header without gaps", () => {
    const rows = [...text.matchAll(/^\| +(\d+) \| u(\d+) +\|/gm)];
    let next = 0;
    for (const [, at, bits] of rows) {
      expect(Number(at)).toBe(next);
      next += Number(bits) / 8;
    }
    expect(next).toBe(HEADER_BYTES);
  });
});
