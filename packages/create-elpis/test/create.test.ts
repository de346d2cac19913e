import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TEMPLATES } from "../src/index.ts";
import { contents, folder, run } from "./support.ts";

const manifest = (path: string) =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as {
    readonly version: string;
    readonly devDependencies: Readonly<Record<string, string>>;
  };
const { version } = manifest("../package.json");
const root = manifest("../../../package.json");

interface Made {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

describe("create-elpis", () => {
  it("makes an application, and says what to do next", () => {
    const dir = folder();
    const { code, out, err } = run(dir, "my-app");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(Object.keys(contents(join(dir, "my-app"))).sort()).toEqual([
      ...[".gitignore", "README.md", "elpis.config.ts", "package.json"],
      ...["test", "test/web.test.js", "web.js"],
    ]);
    expect(out).toBe(
      [
        ...["my-app is made in my-app: app, 6 files.", "", "Next:", "", "  cd my-app"],
        ...["  npm install", "  npm test", "  npm run dev", ""],
      ].join("\n"),
    );
    expect(contents(join(dir, "my-app"))["elpis.config.ts"]).toContain('name: "my-app"');
    const config = contents(join(dir, "my-app"))["elpis.config.ts"];
    const { dependencies } = JSON.parse(
      contents(join(dir, "my-app"))["package.json"] ?? "",
    ) as Made;
    for (const [, name = ""] of config?.matchAll(/from "([^"]+)"/g) ?? []) {
      expect(dependencies).toHaveProperty([name]);
    }
    expect(config).toContain("plugins: [metrics()]");
    expect(statSync(join(dir, "my-app")).mode & 0o777).toBe(0o777 & ~process.umask());
  });

  it.each(TEMPLATES)("fills in all of the template %s", (template) => {
    const dir = folder();
    expect(run(dir, "at/my.New_thing".toLowerCase(), "--template", template).code).toBe(0);
    const files = contents(join(dir, "at/my.new_thing"));
    for (const [path, text] of Object.entries(files)) {
      expect(path).not.toMatch(/(^|\/)_/);
      expect(text, path).not.toMatch(/__[A-Z]+__/);
      // What formatters of Markdown make of it.
      expect(text, path).not.toMatch(/\*\*(?:NAME|ID|IDENTIFIER|VERSION)\*\*/);
    }
    expect(files["README.md"]).toMatch(/^# `my\.new_thing`\n/);
    const made = JSON.parse(files["package.json"] ?? "") as Made;
    expect(made.name).toBe("my.new_thing");
    const all = { ...made.dependencies, ...made.peerDependencies, ...made.devDependencies };
    expect(Object.keys(all).length).toBeGreaterThan(1);
    for (const [name, range] of Object.entries(all)) {
      const ours = name === "elpis" || name.startsWith("@elpis/");
      const { [name]: tool = "none" } = root.devDependencies;
      expect(range, name).toBe(`^${ours ? version : tool.replace("^", "")}`);
    }
  });

  it("takes the name of a package from --name, and makes words for code of it", () => {
    const dir = folder();
    run(dir, "x", "--template", "reporter", "--name", "@acme/elpis-reporter-acme-cloud");
    const files = contents(join(dir, "x"));
    expect(files["package.json"]).toContain('"name": "@acme/elpis-reporter-acme-cloud"');
    expect(files["src/index.ts"]).toContain('name: "acme-cloud"');
    expect(files["src/index.ts"]).toContain("export const acmeCloudReporter =");
  });

  it("fills the folder it is in, beside a fresh .git", () => {
    const dir = folder({ "shop/.git/HEAD": "ref: refs/heads/main" });
    const { code, out } = run(join(dir, "shop"), ".");
    expect(code).toBe(0);
    expect(out).toContain("shop is made in this folder");
    expect(out).not.toContain("cd ");
    const files = contents(join(dir, "shop"));
    expect(files[".git/HEAD"]).toBe("ref: refs/heads/main");
    expect(files["package.json"]).toContain('"name": "shop"');
    expect(Object.keys(contents(dir)).filter((path) => path.includes(".shop-"))).toEqual([]);
  });

  it("replaces files of the same names by force, and only those", () => {
    const dir = folder({ "shop/web.js": "old", "shop/own.js": "mine", "shop/test/own.js": "mine" });
    expect(run(dir, "shop", "--force").code).toBe(0);
    expect(contents(join(dir, "shop"))).toMatchObject({
      ...{ "own.js": "mine", "test/own.js": "mine" },
      "web.js": expect.stringContaining("createServer"),
    });
  });

  it("shows help and its version, and does nothing else", () => {
    const dir = folder();
    expect(run(dir, "shop", "--version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
    const { code, out } = run(dir, "--help");
    expect(code).toBe(0);
    for (const template of TEMPLATES) expect(out).toContain(`${template}: `);
    expect(contents(dir)).toEqual({});
  });
});
