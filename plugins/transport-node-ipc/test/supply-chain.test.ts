import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { VERSIONS, versionFor } from "../src/node-ipc.ts";

const ROOT = join(import.meta.dirname, "../../..");

/** What was looked through: these bytes, and no others of the same name. */
const CLEAN: Readonly<Record<string, string>> = {
  "12.0.0":
    "sha512-QHJ2gAJiqA3cM7cQiRjLsfCOBRB0TwQ6axYD4FSllQWipEbP6i7Se1dP8EzPKk5J1nCe27W69eqPmCoKyQ61Vg==",
  "14.0.0":
    "sha512-d5+aogND4Gk6aQkW5KCibliM4Mn12+isHXt8wFghO4Bn0gBSnev3TXJWQ4eEnzrlh5gCG+nwQEZwyayeDtQxQA==",
};

interface Entry {
  readonly name?: string;
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

function lock(file: string): Array<[path: string, entry: Entry]> {
  const { packages } = JSON.parse(readFileSync(join(ROOT, file), "utf8")) as {
    packages: Record<string, Entry>;
  };
  return Object.entries(packages);
}

/** The name that a package has in the registry, whatever it was called here. */
function nameOf([path, { name }]: [string, Entry]): string {
  return name ?? path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
}

/** Every lock of the repository, but those that npm itself keeps. */
function locks(dir = ""): string[] {
  return readdirSync(join(ROOT, dir), { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.name === "package-lock.json") return [path];
    const isSource = entry.isDirectory() && !/^(node_modules|dist|\..*)$/.test(entry.name);
    return isSource ? locks(path) : [];
  });
}

describe("the supply chain", () => {
  it("has locks in three places", () => {
    expect(locks().sort()).toEqual([
      "benchmarks/peers/package-lock.json",
      "benchmarks/process/rivals/package-lock.json",
      "package-lock.json",
    ]);
  });

  it("has node-ipc in the versions that were looked through, and no others", () => {
    const found = lock("package-lock.json").filter((entry) => nameOf(entry) === "node-ipc");
    expect(found.map(([path, { version, integrity }]) => [path, version, integrity])).toEqual([
      ["node_modules/node-ipc-12", "12.0.0", CLEAN["12.0.0"]],
      ["node_modules/node-ipc-14", "14.0.0", CLEAN["14.0.0"]],
    ]);
    const rivals = lock("benchmarks/peers/package-lock.json");
    expect(
      rivals.filter((entry) => nameOf(entry) === "node-ipc").map(([, one]) => one.version),
    ).toEqual(["9.2.1"]);
  });

  it("has nothing of the sabotage, and nothing that runs when it is installed", () => {
    for (const entry of locks().flatMap(lock)) {
      expect(nameOf(entry)).not.toBe("peacenotwar");
      for (const all of dependenciesOf(entry[1])) expect(all).not.toHaveProperty("peacenotwar");
      if (nameOf(entry) === "node-ipc") expect(entry[1].hasInstallScript).toBeUndefined();
    }
  });

  it("has nobody but this plugin that depends on node-ipc", () => {
    const dependents = lock("package-lock.json").filter(([, entry]) =>
      dependenciesOf(entry).some((all) =>
        Object.entries(all).some(
          ([name, range]) => `${name}@${range}`.includes("node-ipc") && !name.startsWith("@elpis/"),
        ),
      ),
    );
    expect(dependents.map(([path]) => path)).toEqual(["plugins/transport-node-ipc"]);
    expect(dependents[0]?.[1].dependencies?.["node-ipc-12"]).toBe("npm:node-ipc@12.0.0");
    expect(dependents[0]?.[1].optionalDependencies?.["node-ipc-14"]).toBe("npm:node-ipc@14.0.0");
  });

  it("names no host", () => {
    for (const [path, { resolved, link }] of locks().flatMap(lock)) {
      expect(resolved === undefined || link === true, `${path} names ${resolved}`).toBe(true);
    }
  });

  it("loads from 12.0.0 a bundle that needs nothing but Node", () => {
    const bundle = join(ROOT, "node_modules/node-ipc-12/node-ipc.cjs");
    expect(existsSync(bundle)).toBe(true);
    const needed = [
      ...readFileSync(bundle, "utf8").matchAll(/require\(\s*["'`]([^"'`]*)["'`]\s*\)/g),
    ];
    expect([...new Set(needed.map(([, name]) => name))].sort()).toEqual([
      "dgram",
      "fs",
      "net",
      "os",
      "tls",
      "util",
    ]);
  });
});

describe("the version for a Node", () => {
  it.each([
    ["20.19.0", VERSIONS.old],
    ["22.12.0", VERSIONS.old],
    ["22.13.0", VERSIONS.new],
    ["23.0.0", VERSIONS.new],
    ["24.1.0", VERSIONS.new],
  ])("%s gets %s", (node, version) => {
    expect(versionFor(node)).toBe(version);
  });
});

function dependenciesOf(entry: Entry): Array<Readonly<Record<string, string>>> {
  const { dependencies, optionalDependencies, devDependencies, peerDependencies } = entry;
  const all = [dependencies, optionalDependencies, devDependencies, peerDependencies];
  return all.filter((one) => one !== undefined);
}
