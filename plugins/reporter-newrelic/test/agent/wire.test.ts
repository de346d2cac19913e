import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TempDir, tempDir, waitFor } from "@elpis/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentPackage, versionOf } from "../support/agent-package.ts";
import { type Certificate, makeCertificate } from "../support/certificate.ts";
import { Child, prepare } from "../support/child.ts";
import { Collector, LICENSE } from "../support/collector.ts";
import { batch, counter, error, event, gauge, histogram } from "../support/samples.ts";

let dir: TempDir;
let certificate: Certificate;

beforeAll(async () => {
  dir = await tempDir();
  certificate = await makeCertificate(dir.path);
});
afterAll(() => dir.remove());

/** What the agent needs to talk to a collector on this machine, and to ask nobody else. */
function environment(port: number): Record<string, string> {
  const clouds = ["AWS", "AZURE", "GCP", "PCF", "DOCKER", "KUBERNETES"].map(
    (one) => [`NEW_RELIC_UTILIZATION_DETECT_${one}`, "false"] as const,
  );
  return {
    NEW_RELIC_NO_CONFIG_FILE: "true",
    NEW_RELIC_HOST: "localhost",
    NEW_RELIC_PORT: String(port),
    NEW_RELIC_LICENSE_KEY: LICENSE,
    NEW_RELIC_APP_NAME: "elpis-test",
    NEW_RELIC_LOG: "stdout",
    NEW_RELIC_LOG_LEVEL: "warn",
    NODE_EXTRA_CA_CERTS: certificate.file,
    ...Object.fromEntries(clouds),
  };
}

let made = 0;
async function program(input: object, packages: Record<string, string>): Promise<string> {
  const own = join(dir.path, String(++made));
  await mkdir(own);
  await writeFile(join(own, "input.json"), JSON.stringify({ kind: "newRelicAgent", ...input }));
  return prepare(own, "report.mjs", packages);
}

const points = [
  counter({ tags: { shop: "cn" } }),
  counter({ tags: { shop: "de" }, value: 4 }),
  counter({ name: "seconds", value: 1.5 }),
  gauge({ name: "heap", value: 100 }),
  gauge({ name: "below", value: -4 }),
  gauge({ name: "route", tags: { path: "/a/b" } }),
  histogram(),
  gauge({ name: "bad", value: Number.NaN }),
];

describe("the real agent of New Relic", () => {
  it("sends what it was handed when it is closed", async (context) => {
    const newrelic = agentPackage(context);
    await using collector = await Collector.start(certificate);
    const file = await program(
      {
        options: { tags: ["process", "path"], prefix: "shop/" },
        batches: [
          batch({ points, errors: [error()], events: [event()] }),
          batch({ points: [counter({ name: "seconds", value: 1.5 }), gauge({ value: 300 })] }),
        ],
      },
      { newrelic },
    );
    await using child = new Child(file, environment(collector.port));
    expect(await child.printed("aborted ")).toContain("time is up");
    // JSON has no NaN: it arrives as null, which would make the agent throw.
    expect(await child.printed("reported ")).toContain('{"rejected":1,"reason":"it is no number"}');
    await waitFor(() => collector.bodies("agent_settings").length > 0, {
      what: "the agent to be connected",
      timeoutMs: 20_000,
    });
    child.say("close");
    await child.printed("closed ");
    expect(await child.printed("late ")).toContain("ELPIS_REPORTER_REJECTED");
    expect(await child.printed("again ")).toContain("ELPIS_NEWRELIC_AGENT_OFF");
    expect(await child.ended).toBe(0);
    console.log(`newrelic ${versionOf(newrelic)} on Node.js ${process.versions.node}`);

    expect(collector.complaints).toEqual([]);
    expect(collector.invoked.map(({ method }) => method).slice(0, 3)).toEqual([
      "preconnect",
      "connect",
      "agent_settings",
    ]);
    expect(collector.invoked.at(-1)?.method).toBe("shutdown");
    expect(collector.customMetrics()).toEqual({
      "shop/orders/process:web": [7, 0, 0, 0, 0, 0],
      "shop/seconds/process:web": [3, 0, 0, 0, 0, 0],
      "shop/heap/process:web": [2, 400, 400, 100, 300, 100_000],
      // The agent begins with a largest value of 0.
      "shop/below/process:web": [1, -4, -4, -4, 0, 16],
      "shop/route/process:web/path:%2Fa%2Fb": [
        ...[1, 26_761_760, 26_761_760, 26_761_760, 26_761_760, 26_761_760 ** 2],
      ],
      "shop/duration/process:web": [10, 55, 55, 1, 10, expect.closeTo(347, 6)],
    });

    const [[intrinsics, attributes]] = collector.bodies("custom_event_data")[0][1];
    expect(intrinsics).toMatchObject({ type: "order_placed" });
    expect(attributes).toEqual({
      name: "order.placed",
      time: event().time,
      app: "shop",
      process: "web",
      sku: "tea",
      amount: 3,
      gift: false,
    });

    const [[, , message, type, details]] = collector.bodies("error_data")[0][1];
    expect([message, type]).toEqual(["cart is undefined", "TypeError"]);
    expect(details.stack_trace).toEqual(error().stack.split("\n"));
    expect(details.userAttributes).toMatchObject({ process: "web", index: 0, pid: 4242 });
  });

  it.for(["metric_data", "preconnect"])(
    "is closed in time with a collector that does not answer to %s",
    async (method, context) => {
      await using collector = await Collector.start(certificate);
      const newrelic = agentPackage(context);
      const file = await program({ options: {}, batches: [batch({ points })] }, { newrelic });
      collector.silent.add(method);
      await using child = new Child(file, environment(collector.port));
      await child.printed("reported ");
      await waitFor(() => collector.bodies(method).length > 0, {
        what: `the agent to ask for ${method}`,
        timeoutMs: 20_000,
      });
      child.say("close");
      const took = Number(await child.printed("closed "));
      expect(took).toBeGreaterThan(1400);
      // What the host gives it.
      expect(took).toBeLessThan(2000);
    },
  );
});

describe("without an agent that runs", () => {
  it("says that it is not installed", async () => {
    const file = await program({ options: {}, batches: [] }, {});
    await using child = new Child(file, {});
    expect(await child.printed("failed ")).toContain(
      "ELPIS_NEWRELIC_AGENT_MISSING newrelic is not installed; `npm install newrelic` adds it",
    );
  });

  it("says that it is set up by nothing", async (context) => {
    const newrelic = agentPackage(context);
    const file = await program({ options: {}, batches: [] }, { newrelic });
    const settings = { NEW_RELIC_NO_CONFIG_FILE: "true", NEW_RELIC_LOG: "stderr" };
    await using off = new Child(file, { ...settings, NEW_RELIC_ENABLED: "false" });
    expect(await off.printed("failed ")).toContain("ELPIS_NEWRELIC_AGENT_OFF newrelic");
  });

  it("says that Node.js is too old, and does not load it", async () => {
    const folder = join(dir.path, "newrelic-of-tomorrow");
    await mkdir(folder);
    const manifest = { name: "newrelic", version: "14.5.1", engines: { node: ">=999" } };
    await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
    await writeFile(join(folder, "index.js"), 'console.log("loaded"); module.exports = {};');
    const file = await program({ options: {}, batches: [] }, { newrelic: folder });
    await using child = new Child(file, {});
    expect(await child.printed("failed ")).toContain(
      `ELPIS_NEWRELIC_AGENT_NODE newrelic 14.5.1 needs Node.js >=999 and does nothing on ${process.versions.node}`,
    );
    expect(child.output).not.toContain("loaded");
  });
});
