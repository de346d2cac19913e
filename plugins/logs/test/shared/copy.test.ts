import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { recover } from "../../src/files/recover.ts";
import { GrowingCopy } from "../../src/shared/copy.ts";

let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "elpis-copy-"));
  path = join(dir, "web.log");
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
});

const contents = (): Record<string, string> =>
  Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), "utf8")]));

async function begin(): Promise<GrowingCopy> {
  const copy = await GrowingCopy.begin(path);
  if (copy === undefined) throw new Error("there was nothing to copy");
  return copy;
}

it("copies what is there, then what has come since, and empties the file", async () => {
  writeFileSync(path, "one\n".repeat(100_000));
  const copy = await begin();
  appendFileSync(path, "two\n");
  await copy.catchUp();
  expect(copy.emptyNow(`${path}.1`, () => true)).toBe(true);
  await copy.end();
  const expected = { "web.log": "", "web.log.1": `${"one\n".repeat(100_000)}two\n` };
  expect(contents()).toEqual(expected);
});

it("empties nothing that is not copied, nor when it may not", async () => {
  writeFileSync(path, "one\n");
  const copy = await begin();
  expect(copy.emptyNow(`${path}.1`, () => false)).toBe(false);
  // Somebody who did not hold.
  appendFileSync(path, "two\n");
  expect(copy.emptyNow(`${path}.1`, () => true)).toBe(false);
  expect(contents()["web.log"]).toBe("one\ntwo\n");
  await copy.end();
  expect(contents()).toEqual({ "web.log": "one\ntwo\n" });
});

it("makes none of an empty file, and fails where there is no file", async () => {
  writeFileSync(path, "");
  expect(await GrowingCopy.begin(path)).toBeUndefined();
  rmSync(path);
  await expect(GrowingCopy.begin(path)).rejects.toMatchObject({ code: "ENOENT" });
});

it.each(["half made", "whole, and the file not emptied", "whole, and the file emptied"])(
  "leaves every line once when it is killed and the copy is %s",
  async (when) => {
    writeFileSync(path, "one\ntwo\n");
    const copy = await begin();
    if (when !== "half made") {
      // The instant between two of its names.
      const may = (): boolean => {
        if (when.endsWith("the file emptied")) writeFileSync(path, "");
        throw new Error("killed");
      };
      expect(() => copy.emptyNow(`${path}.1`, may)).toThrow("killed");
    }
    appendFileSync(path, "three\n");
    await recover(path);
    const { "web.log": now = "", "web.log.1": before = "", ...rest } = contents();
    expect([before + now, rest]).toEqual(["one\ntwo\nthree\n", {}]);
    await copy.end();
  },
);
