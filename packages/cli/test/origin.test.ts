import { expect, test } from "vitest";
import { originText } from "../src/commands/project/config.ts";

test("where a value came from reads as a few words", () => {
  const file = { from: "file", file: "/srv/elpis.config.ts", key: "processes.web" };
  expect(originText(file)).toBe("file /srv/elpis.config.ts processes.web");
  expect(originText({ from: "default" })).toBe("default");
});
