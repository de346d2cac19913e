import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ErrorRecord } from "@elpis/api";
import { type TempDir, tempDir, waitFor } from "@elpis/testing";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { Child, prepare } from "./support/child.ts";
import { Collector, LICENSE } from "./support/collector.ts";

const require = createRequire(import.meta.url);
let dir: TempDir;
let made = 0;

beforeAll(async () => {
  dir = await tempDir();
});
afterAll(() => dir.remove());

/** The folder of the installed `oneapm`; skips the test, with a line, where there is none. */
function agentPackage(context: TestContext): string {
  try {
    return dirname(require.resolve("oneapm/package.json"));
  } catch {
    if (process.env.ELPIS_REQUIRE_SERVICES === "1") throw new Error("oneapm is not installed");
    console.log("skipped: oneapm is not installed");
    return context.skip("oneapm is not installed");
  }
}

const error = (more: Partial<ErrorRecord> = {}): ErrorRecord => ({
  time: 1_795_168_800_000,
  seq: 1,
  app: "shop",
  process: "web",
  index: 0,
  pid: 4242,
  origin: "uncaughtException",
  errType: "TypeError",
  message: "cart is undefined",
  stack: "TypeError: cart is undefined\n    at pay (/app/pay.js:10:5)",
  ...more,
});
const batch = (errors: readonly ErrorRecord[]): object => ({
  ...{ id: String(errors.length), time: 1_795_168_800_000, resource: {} },
  ...{ points: [], spans: [], errors, events: [] },
});

async function program(
  batches: readonly object[],
  packages: Record<string, string>,
): Promise<string> {
  const own = join(dir.path, String(++made));
  await mkdir(own);
  await writeFile(join(own, "input.json"), JSON.stringify({ options: {}, batches }));
  return prepare(own, "report.mjs", packages);
}

const environment = (port: number): Record<string, string> => ({
  ...{ ONEAPM_NO_CONFIG_FILE: "true", ONEAPM_HOST: "127.0.0.1", ONEAPM_PORT: String(port) },
  ...{ ONEAPM_USE_SSL: "false", ONEAPM_LICENSE_KEY: LICENSE, ONEAPM_APP_NAME: "elpis-test" },
  ...{ ONEAPM_LOG: "stdout", ONEAPM_LOG_LEVEL: "error" },
});

const isUp = (collector: Collector): Promise<unknown> =>
  waitFor(() => collector.bodies("metric_data").length > 0, {
    what: "the agent to be connected",
    timeoutMs: 20_000,
  });

describe("the real agent of OneAPM", () => {
  it("sends the errors that it was handed, twenty of them, when it is closed", async (context) => {
    const oneapm = agentPackage(context);
    await using collector = await Collector.start();
    const many = Array.from({ length: 23 }, (_, at) => error({ message: `error ${at}` }));
    const first = error({ errType: "ECONNRESET", traceId: "a".repeat(32), stack: "" });
    const file = await program([batch([first, ...many]), batch([])], { oneapm });
    await using child = new Child(file, environment(collector.port));
    expect(await child.printed("aborted ")).toContain("time is up");
    expect(await child.printed("reported ")).toContain(
      '{"rejected":4,"reason":"the agent keeps 20 errors until it sends them"}',
    );
    await isUp(collector);
    child.say("close");
    await child.printed("closed ");
    expect(await child.printed("late ")).toContain("ELPIS_REPORTER_REJECTED");
    expect(await child.ended).toBe(0);

    expect(collector.complaints).toEqual([]);
    expect(collector.invoked.slice(0, 2).map(({ method }) => method)).toEqual([
      "get_redirect_host",
      "connect",
    ]);
    expect(collector.bodies("shutdown")).toHaveLength(1);
    const errors = collector.bodies("error_data").flatMap(([, list]) => list);
    expect(errors).toHaveLength(20);
    const [[, , message, type, details], [, , , second, more]] = errors;
    expect([message, type]).toEqual(["cart is undefined", "ECONNRESET"]);
    expect(details.stack_trace).toEqual(["ECONNRESET: cart is undefined"]);
    expect(details.custom_params).toEqual({
      ...{ time: error().time, app: "shop", process: "web", index: 0, pid: 4242 },
      ...{ origin: "uncaughtException", traceId: "a".repeat(32) },
    });
    expect(second).toBe("TypeError");
    expect(more.stack_trace).toEqual(error().stack.split("\n"));
  });

  it("is closed in time with a collector that does not answer", async (context) => {
    const oneapm = agentPackage(context);
    await using collector = await Collector.start();
    const file = await program([batch([error()])], { oneapm });
    collector.silent.add("shutdown");
    await using child = new Child(file, environment(collector.port));
    await isUp(collector);
    child.say("close");
    const took = Number(await child.printed("closed "));
    expect(took).toBeGreaterThan(1400);
    // The host waits for two seconds.
    expect(took).toBeLessThan(2000);
  });
});

describe("without an agent that runs", () => {
  it("says that it is not installed", async () => {
    await using child = new Child(await program([], {}), {});
    expect(await child.printed("failed ")).toContain("ELPIS_ONEAPM_MISSING oneapm is not");
  });

  it("says that it is set up by nothing, and shows no license", async (context) => {
    const oneapm = agentPackage(context);
    const file = await program([], { oneapm });
    await using none = new Child(file, {});
    expect(await none.printed("failed ")).toContain(
      "ELPIS_ONEAPM_OFF the agent of OneAPM does not",
    );
    const off = { ...environment(1), ONEAPM_ENABLED: "false" };
    await using disabled = new Child(file, off);
    const said = await disabled.printed("failed ");
    expect(said).toContain("ELPIS_ONEAPM_OFF the agent of OneAPM does not run: it is disabled");
    expect(said).not.toContain(LICENSE);
  });
});
