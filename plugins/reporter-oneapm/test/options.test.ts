import { type ErrorRecord, formatIssue } from "@elpis/api";
import { describe, expect, it } from "vitest";
import { rebuilt } from "../src/errors.ts";
import { oneapm } from "../src/index.ts";

async function issues(options: unknown): Promise<string> {
  const result = await oneapm.definition.options?.["~standard"].validate(options);
  return (result?.issues ?? []).map((issue) => formatIssue(issue)).join("\n");
}

describe("the options of oneapm", () => {
  it("are checked, and show no license that is in the wrong place", async () => {
    expect(await issues({})).toBe("");
    expect(await issues({ shutdown: false, shutdownTimeout: "500ms" })).toBe("");
    expect(await issues({ shutdownTimeout: "soon" })).toContain("expected a time span");
    expect(await issues({ shutdown: "no" })).toContain("options.shutdown: expected a boolean");
    expect(await issues({ licenseKey: "5ecre7" })).toContain("options.licenseKey: unknown key");
    expect(await issues({ licenseKey: "5ecre7" })).not.toContain("5ecre7");
    expect(await issues(7)).toContain("expected an object");
  });
});

describe("an error for the agent", () => {
  it("has the class, the text and the stack that it had", () => {
    const record: ErrorRecord = {
      ...{ time: 1, seq: 1, app: "shop", process: "web", index: 0, pid: 1 },
      ...{ errType: "RangeError", message: "too far", stack: "RangeError: too far\n    at x" },
      origin: "log",
    };
    const made = rebuilt(Object.freeze(record));
    expect(made).toBeInstanceOf(Error);
    expect([made.constructor.name, made.name, made.message, made.stack]).toEqual([
      ...["RangeError", "RangeError", "too far", record.stack],
    ]);
    expect(Object.keys(made)).not.toContain("constructor");
    expect(rebuilt({ ...record, message: "", stack: "" }).stack).toBe("RangeError: ");
  });
});
