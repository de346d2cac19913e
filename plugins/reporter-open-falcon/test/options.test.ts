import { formatIssue } from "@elpis/api";
import { describe, expect, it } from "vitest";
import { openFalcon } from "../src/index.ts";
import { type OpenFalconOptions, schema } from "../src/options.ts";
import { context } from "./points.ts";

async function issuesOf(options: unknown): Promise<string[]> {
  const { issues } = await schema["~standard"].validate(options);
  return (issues ?? []).map((issue) => formatIssue(issue));
}

describe("options of openFalcon", () => {
  it.each([
    {},
    { endpoint: "shop-01.example", stepSeconds: 30 },
    { agent: "http://10.0.0.1:1988/v1/push" },
    { transfer: "https://falcon.example/api/push" },
    { transfer: "tcp://[::1]:8433" },
    { stepSeconds: 10, minStepSeconds: 10 },
    { minStepSeconds: 120 },
  ])("takes %j", async (options) => {
    expect(await issuesOf(options)).toEqual([]);
  });

  it.each<[object, string]>([
    [{ endpoint: "" }, "options.endpoint"],
    [{ endpoint: "a b" }, "options.endpoint"],
    [{ endpoint: "e".repeat(256) }, "options.endpoint"],
    [{ agent: "tcp://127.0.0.1:1988" }, "options.agent"],
    [{ transfer: "tcp://127.0.0.1" }, "options.transfer"],
    [{ transfer: "http://a/", agent: "http://b/" }, "options.transfer"],
    [{ stepSeconds: 10 }, "options.stepSeconds"],
    [{ stepSeconds: 60.5 }, "options.stepSeconds"],
    [{ stepSeconds: 0, minStepSeconds: 0 }, "options.minStepSeconds"],
    [{ step: 60 }, "options.step: unknown key"],
  ])("refuses %j", async (options, expected) => {
    expect((await issuesOf(options)).join("\n")).toContain(expected);
  });

  it("does not repeat an address, which may hold a password", async () => {
    const options = { agent: "ftp://me:hunter2@host", transfer: "hunter2@nowhere" };
    const issues = await issuesOf(options);
    expect(issues).toHaveLength(3);
    expect(issues.join()).not.toContain("hunter2");
  });

  it.each<[OpenFalconOptions, number | undefined, number]>([
    [{}, undefined, 60],
    [{ minStepSeconds: 120 }, undefined, 120],
    [{}, 90_000, 90],
    [{}, 30_500, 31],
    [{}, 10_000, 30],
    [{ minStepSeconds: 5 }, 10_000, 10],
    [{ stepSeconds: 30 }, undefined, 30],
    [{ stepSeconds: 30 }, 30_000, 30],
  ])("%j with every %s ms makes steps of %d s", async (options, everyMs, seconds) => {
    const told = { ...context(), ...(everyMs !== undefined && { everyMs }) };
    const { wants } = await openFalcon.definition.open(options, told);
    expect(wants.intervalMs).toBe(seconds * 1000);
  });

  it("are refused when the step is not the interval", async () => {
    const open = async (): Promise<unknown> =>
      openFalcon.definition.open({ stepSeconds: 60 }, { ...context(), everyMs: 30_000 });
    await expect(open()).rejects.toMatchObject({ code: "ELPIS_FALCON_STEP" });
  });

  it("is a plugin that is told apart by its name", () => {
    expect(openFalcon.definition.name).toBe("open-falcon");
    expect(openFalcon({ name: "second" })).toBeDefined();
  });
});
