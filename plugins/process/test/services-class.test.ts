import { describe, expect, it } from "vitest";
import { isServiceClass, methodsToPublish, staticDependencies } from "../src/services/class.ts";
import { loadServiceClass } from "../src/services/entry.ts";
import { failure, makeDir } from "./support.ts";

class Cache {
  start(): void {}
  stop(): void {}
  get(): number {
    return 1;
  }
  _inner(): void {}
  get size(): number {
    throw new Error("must not be read");
  }
}
class Better extends Cache {
  set(): void {}
}

// As compilers write a class for engines that have none.
function Old(this: object): void {}
Old.prototype.get = () => 1;

describe("what a class is", () => {
  it.each<[unknown, boolean]>([
    [Cache, true],
    [Better, true],
    [class {}, true],
    [Old, true],
    [() => Cache, false],
    [async () => Cache, false],
    [
      function give() {
        return Cache;
      },
      false,
    ],
    [{}, false],
    [undefined, false],
  ])("%o: %s", (value, expected) => {
    expect(isServiceClass(value)).toBe(expected);
  });
});

describe("what of a service is published", () => {
  it("is every method of its classes but those of its life", () => {
    expect(methodsToPublish(new Better())).toEqual(["set", "get"]);
    expect(methodsToPublish({ toJSON() {}, toString() {}, $x() {}, ok() {}, value: 1 })).toEqual([
      "ok",
    ]);
  });
});

describe("what a class needs", () => {
  it("is a list, or one name", () => {
    const withDependencies = (dependencies: unknown): never => ({ dependencies }) as never;
    expect(staticDependencies(withDependencies(["a", 1, "b"]))).toEqual(["a", "b"]);
    expect(staticDependencies(withDependencies("a"))).toEqual(["a"]);
    expect(staticDependencies(withDependencies(undefined))).toEqual([]);
  });
});

describe("the entry of a service", () => {
  const BODY = "class Cache {}";
  it.each([
    ["a.mjs", `export default ${BODY}`],
    ["b.mjs", `export ${BODY}; export const size = 1; export function helper() {}`],
    ["c.cjs", `module.exports = ${BODY}`],
    ["d.cjs", `exports.Cache = ${BODY}`],
    ["e.cjs", `exports.__esModule = true; exports.default = ${BODY}; exports.Other = class {}`],
    ["f.js", `module.exports = { Cache: ${BODY} }`],
  ])("is found in %s", async (name, text) => {
    const dir = makeDir({ [name]: text });
    const found = await loadServiceClass("cache", name, `${dir}/${name}`, "config");
    expect(found.name).toMatch(/Cache|default/);
  });

  it("may be a class, or a function that gives one", async () => {
    const load = (entry: unknown) => loadServiceClass("cache", entry, undefined, "config");
    expect(await load(Cache)).toBe(Cache);
    expect(await load(() => Cache)).toBe(Cache);
    expect(await load(async () => ({ default: Cache }))).toBe(Cache);
  });

  it.each([
    ["empty.mjs", "export {}", "found a module without exports"],
    [
      "two.mjs",
      "export class A {} export class B {}",
      "found 2 classes in A (function), B (function)",
    ],
    ["text.cjs", 'module.exports = "no"', "found a value of type string"],
    ["call.cjs", "module.exports = () => 1", "found a function that is not a class"],
    ["throws.mjs", 'throw new Error("no disk")', "it could not be loaded: no disk"],
  ])("is refused: %s", async (name, text, message) => {
    const dir = makeDir({ [name]: text });
    const error = await failure(() => loadServiceClass("cache", name, `${dir}/${name}`, "config"));
    expect(error.code).toBe("ELPIS_SERVICE_ENTRY");
    expect(error.message).toContain(`Service "cache"`);
    expect(error.message).toContain(name);
    expect(error.message).toContain(message);
  });
});
