import { expect, it } from "vitest";
import { namesOf } from "../src/names.ts";

it.each([
  ["acme", "acme", "acme"],
  ["my-reporter", "my", "my"],
  ["elpis-reporter-acme", "acme", "acme"],
  ["@acme/elpis-reporter", "acme", "acme"],
  ["@acme/elpis-reporter-big.cloud", "big-cloud", "bigCloud"],
  ["elpis-reporter", "elpis-reporter", "elpisReporter"],
  ["3scale", "3scale", "_3scale"],
  ["define", "define", "_define"],
  ["a--b_", "a-b", "aB"],
])("a reporter %s is %s to Elpis and %s to code", (name, id, identifier) => {
  expect(namesOf(name, "reporter")).toEqual({ name, id, identifier });
});

it("an application is called what it is called", () => {
  expect(namesOf("elpis-reporter-shop", "app").id).toBe("elpis-reporter-shop");
  expect(namesOf("@acme/shop", "app").id).toBe("shop");
  expect(namesOf(`${"x".repeat(63)}-yz`, "app").id).toBe("x".repeat(63));
});
