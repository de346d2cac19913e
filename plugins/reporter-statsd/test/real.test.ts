import { execFile, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Reporter, ReporterContext } from "@elpis/api";
import { tempDir, waitFor } from "@elpis/testing";
import { describe, expect, it, onTestFinished, type TestContext } from "vitest";
import { statsd } from "../src/index.ts";
import { batchOf, call, counter, gauge, histogram, upDown } from "./points.ts";

const POINTS = [
  counter({ tags: { route: "/a:b|c" } }),
  gauge({ name: "load", value: 0.5 }),
  upDown({ name: "queue", value: -3 }),
  histogram([1, 3], { name: "took" }),
];

async function report(port: number): Promise<void> {
  const reporter: Reporter = await statsd.definition.open({ port }, {} as ReporterContext);
  expect(await reporter.report(batchOf(POINTS), call())).toBeUndefined();
}

describe("StatsD itself", () => {
  it("has the sums and values that were sent, twice", async (context) => {
    const program = etsy() ?? skip(context, "statsd is not installed", true);
    const [major = 0] = process.versions.node.split(".").map(Number);
    // Its newest version uses what Node 23 has taken out.
    if (major >= 23) skip(context, "statsd 0.9 does not run on this Node", false);
    const dir = await tempDir();
    onTestFinished(dir.remove);
    const [port, admin] = [await freeUdpPort(), await freeTcpPort()];
    const config = join(dir.path, "config.js");
    const values = {
      port,
      address: "127.0.0.1",
      mgmt_port: admin,
      mgmt_address: "127.0.0.1",
      backends: [],
    };
    // Nothing is handed on, and so nothing set back, while the test looks.
    await writeFile(config, JSON.stringify({ ...values, flushInterval: 600_000 }));
    run(process.execPath, [program, config]);
    await waitFor(() => ask(admin, "counters"), { what: "statsd", timeoutMs: 20_000 });
    for (let times = 1; times <= 2; times++) {
      await report(port);
      await waitFor(
        async () => (await ask(admin, "counters")).includes(`'shop.web.took.count': ${times * 2}`),
        {
          what: "the count",
        },
      );
    }
    const counters = await ask(admin, "counters");
    expect(counters).toContain("'shop.web.orders.route._a_b_c_86d8d596': 24");
    expect(counters).toContain("'statsd.bad_lines_seen': 0");
    const gauges = await ask(admin, "gauges");
    expect(gauges).toContain("'shop.web.load': 0.5");
    expect(gauges).toContain("'shop.web.queue': -3");
    expect(gauges).toContain("'shop.web.took.mean': 2");
  });
});

describe("collectd", () => {
  it("takes every line, and has the values that were sent, twice", async (context) => {
    const found = await promisify(execFile)("which", ["collectd"]).catch(() => undefined);
    if (found === undefined) skip(context, "collectd is not installed", false);
    const dir = await tempDir();
    onTestFinished(dir.remove);
    const port = await freeUdpPort();
    const socket = join(dir.path, "sock");
    const config = join(dir.path, "collectd.conf");
    await writeFile(config, collectdConfig(dir.path, socket, port));
    const types = ["derive value:DERIVE:0:U", "gauge value:GAUGE:U:U", "count value:GAUGE:0:U"];
    await writeFile(join(dir.path, "types.db"), `${types.join("\n")}\n`);
    const said = run("collectd", ["-f", "-C", config]);
    await waitFor(
      () =>
        ask(socket, "LISTVAL").catch(() => {
          throw new Error(said());
        }),
      { what: "collectd", timeoutMs: 20_000 },
    );
    await report(port);
    await report(port);
    const read = (name: string): Promise<string> =>
      ask(socket, `GETVAL "here/statsd/gauge-${name}"`);
    await waitFor(async () => (await read("shop.web.queue")).includes("value=-3"), {
      what: "the gauge",
      timeoutMs: 20_000,
    });
    expect(await read("shop.web.load")).toContain("value=5.000000e-01");
    expect(await read("shop.web.took.p99")).toContain("value=3");
    expect(said()).not.toContain("Unable to parse");
  });
});

function collectdConfig(dir: string, socket: string, port: number): string {
  return [
    `BaseDir "${dir}"`,
    `PIDFile "${dir}/pid"`,
    `Hostname "here"\nFQDNLookup false\nInterval 0.5\nTypesDB "${dir}/types.db"`,
    "LoadPlugin logfile\n<Plugin logfile>\nLogLevel info\nFile stdout\n</Plugin>",
    `LoadPlugin statsd\n<Plugin statsd>\nHost "127.0.0.1"\nPort "${port}"\n</Plugin>`,
    `LoadPlugin unixsock\n<Plugin unixsock>\nSocketFile "${socket}"\n</Plugin>\n`,
  ].join("\n");
}

function etsy(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve("statsd/stats.js");
  } catch {
    return undefined;
  }
}

/** @param isRequired whether the build machine has it */
function skip(context: TestContext, reason: string, isRequired: boolean): never {
  if (isRequired && process.env.ELPIS_REQUIRE_SERVICES === "1") throw new Error(reason);
  console.log(`skipped: ${reason}`);
  return context.skip(reason);
}

/** @returns what it has printed */
function run(program: string, args: readonly string[]): () => string {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  onTestFinished(async () => {
    const gone =
      child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
    child.kill("SIGKILL");
    await gone;
  });
  return () => said;
}

/** Says a line, and hears what comes until the other side is quiet. */
async function ask(to: number | string, line: string): Promise<string> {
  const socket = typeof to === "number" ? connect(to, "127.0.0.1") : connect(to);
  let text = "";
  socket.write(`${line}\n`);
  for await (const chunk of socket.setEncoding("utf8")) {
    text += chunk;
    if (/\n(END\n|})/.test(text) || /^-?\d+ [^\n]*\n([^\n]+\n)*$/.test(text)) break;
  }
  socket.destroy();
  return text;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
