import { formatLocation, type Location, matches, type Selector, selectorKey } from "@elpis/api";
import { describe, expect, test } from "vitest";

const WEB: Location = {
  id: 7,
  app: "shop",
  role: "worker",
  name: "web",
  index: 0,
  pid: 4711,
  epoch: 2,
};
const PARTS = ["app", "role", "name", "index", "pid", "id"] as const;
const OTHER: Required<Selector> = {
  app: "other",
  role: "agent",
  name: "jobs",
  index: 1,
  pid: 1,
  id: 1,
};

describe("matches", () => {
  test("no selector, and an empty one, mean everyone", () => {
    expect(matches(undefined, WEB)).toBe(true);
    expect(matches({}, WEB)).toBe(true);
  });

  test.each(PARTS)("looks at %s", (part) => {
    expect(matches({ [part]: WEB[part] }, WEB)).toBe(true);
    expect(matches({ [part]: OTHER[part] }, WEB)).toBe(false);
  });

  test("wants every part that is named", () => {
    expect(matches({ name: "web", index: 0, role: "worker" }, WEB)).toBe(true);
    expect(matches({ name: "web", index: 1, role: "worker" }, WEB)).toBe(false);
    for (const part of PARTS) {
      const { app, role, name, index, pid, id } = WEB;
      const nearly = { app, role, name, index, pid, id, [part]: OTHER[part] };
      expect(matches(nearly, WEB)).toBe(false);
    }
  });

  test("takes a part that is undefined as one that is left out, and 0 as a value", () => {
    // A selector from JavaScript may well hold `undefined`.
    expect(matches({ name: undefined } as unknown as Selector, WEB)).toBe(true);
    expect(matches({ index: 0 }, { ...WEB, index: 1 })).toBe(false);
  });
});

describe("selectorKey", () => {
  test("is equal for equal selectors, whatever the order of their parts", () => {
    expect(selectorKey({ name: "web", index: 0 })).toBe(selectorKey({ index: 0, name: "web" }));
    expect(selectorKey({ name: undefined, index: 0 } as unknown as Selector)).toBe(
      selectorKey({ index: 0 }),
    );
  });

  test("differs when any part differs, is there or not, or is another part", () => {
    const selectors: Selector[] = [{}];
    for (const part of PARTS) selectors.push({ [part]: WEB[part] }, { [part]: OTHER[part] });
    for (const part of PARTS) selectors.push({ name: "x", [part]: "y" });
    for (const part of ["pid", "id"]) selectors.push({ [part]: 0 });
    // `{ name: "y" }` stands for `{ name: "x", name: "y" }`.
    expect(new Set(selectors.map(selectorKey)).size).toBe(selectors.length);
  });

  test("tells 0 from a part that is left out", () => {
    expect(selectorKey({ index: 0 })).not.toBe(selectorKey({}));
  });
});

test("a location reads as application, name and index", () => {
  expect(formatLocation(WEB)).toBe("shop/web.0");
});
