import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeAll } from "../src/write.ts";
import { contents, folder, run } from "./support.ts";

type Refusal = readonly [what: string, args: readonly string[], code: string, exit: number];

const REFUSALS: readonly Refusal[] = [
  ["no folder", [], "ELPIS_CREATE_USAGE", 2],
  ["an empty folder name", [""], "ELPIS_CREATE_USAGE", 2],
  ["two folders", ["shop", "other"], "ELPIS_CREATE_USAGE", 2],
  ["an unknown option", ["shop", "--tempalte", "app"], "ELPIS_CREATE_USAGE", 2],
  ["an option without its value", ["shop", "--template"], "ELPIS_CREATE_USAGE", 2],
  ["an option that takes no value", ["shop", "--force=yes"], "ELPIS_CREATE_USAGE", 2],
  ["an unknown template", ["shop", "--template", "exporter"], "ELPIS_CREATE_TEMPLATE", 2],
  ["a template that is a path", ["shop", "--template", "../src"], "ELPIS_CREATE_TEMPLATE", 2],
  ["a template of all objects", ["shop", "--template", "toString"], "ELPIS_CREATE_TEMPLATE", 2],
  ["capitals", ["Shop"], "ELPIS_CREATE_NAME", 2],
  ["a folder that makes no name", ["my shop"], "ELPIS_CREATE_NAME", 2],
  ["a name that begins with a dot", ["shop", "--name", ".shop"], "ELPIS_CREATE_NAME", 2],
  ["a scope without a name", ["shop", "--name", "@acme/"], "ELPIS_CREATE_NAME", 2],
  ["a name that is a path", ["shop", "--name", "../shop"], "ELPIS_CREATE_NAME", 2],
  ["an empty name", ["shop", "--name", ""], "ELPIS_CREATE_NAME", 2],
  ["a name of Node", ["shop", "--name", "http"], "ELPIS_CREATE_NAME", 2],
  ["a name that is too long", ["shop", "--name", "x".repeat(215)], "ELPIS_CREATE_NAME", 2],
  ["a folder that is not empty", ["taken"], "ELPIS_CREATE_EXISTS", 16],
  ["a file", ["file"], "ELPIS_CREATE_EXISTS", 16],
  ["a file, by force", ["file", "--force"], "ELPIS_CREATE_EXISTS", 16],
  ["a link that leads nowhere", ["nowhere"], "ELPIS_CREATE_EXISTS", 16],
  ["a folder in place of a file", ["odd", "--force"], "ELPIS_CREATE_EXISTS", 16],
  ["a file in place of a folder", ["odder", "--force"], "ELPIS_CREATE_EXISTS", 16],
  ["a link in place of a file", ["linked", "--force"], "ELPIS_CREATE_EXISTS", 16],
  ["a folder below a file", ["file/shop"], "ELPIS_CREATE_NOT_WRITTEN", 13],
];

describe("what is refused leaves everything as it was", () => {
  it.each(REFUSALS)("%s", (_, args, code, exit) => {
    const dir = folder({
      file: "a file",
      "taken/a.txt": "mine",
      "odd/package.json/a.txt": "mine",
      "odder/test": "mine",
      "linked/a.txt": "mine",
    });
    symlinkSync("gone", join(dir, "nowhere"));
    symlinkSync("../file", join(dir, "linked/web.js"));
    const before = contents(dir);
    const { code: status, out, err } = run(dir, ...args);
    expect({ status, out }).toEqual({ status: exit, out: "" });
    expect(err).toMatch(new RegExp(`^create-elpis: .+ \\(${code}\\)\n$`));
    expect(contents(dir)).toEqual(before);
  });

  it("does not say that nothing was made when some files are in their places", () => {
    const dir = folder({ "later/own.txt": "mine" });
    const text = "new";
    const files = (...paths: string[]) => paths.map((path) => ({ path, text }));
    // As when it has become a folder after it was looked at.
    expect(() => writeAll(dir, files("later", "never"), true)).toThrow(/nothing was made\.$/);
    expect(contents(dir)).toEqual({ later: "(no file)", "later/own.txt": "mine" });
    expect(() => writeAll(dir, files("first", "later"), true)).toThrow(
      /cannot be written \(.+\); some files are there already\.$/,
    );
    expect(contents(dir)).toMatchObject({ first: "new", "later/own.txt": "mine" });
    expect(Object.keys(contents(dir))).toHaveLength(3);
  });

  it("says what npm has made of options that it took for its own", () => {
    expect(run(folder(), "shop", "reporter").err).toContain('options stand behind "--"');
  });

  it("takes away the folders that it has made", () => {
    const dir = folder();
    // The name of the staging folder is longer than a file system takes, that of the parent is not.
    const { code, err } = run(dir, `a/b/${"x".repeat(254)}`, "--name", "shop");
    expect(err).toContain("ELPIS_CREATE_NOT_WRITTEN");
    expect(code).toBe(13);
    expect(contents(dir)).toEqual({});
  });
});
