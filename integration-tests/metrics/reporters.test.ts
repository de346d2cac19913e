import { symlink } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { SERVER, writeApp } from "../cli/fixtures.ts";
import { ElpisHome } from "../support/elpis.ts";
import { ask } from "../support/http.ts";
import { freePort } from "../support/port.ts";
import { until } from "../support/wait.ts";

interface Status {
  readonly reporters: ReadonlyArray<{
    readonly name: string;
    readonly state: string;
    readonly sent: number;
    readonly lastError?: { readonly message: string };
  }>;
}
interface Got {
  readonly points: ReadonlyArray<{ readonly name: string; readonly value?: number }>;
  readonly errors: ReadonlyArray<{ readonly message: string; readonly process: string }>;
  readonly events: ReadonlyArray<{ readonly name: string; readonly source: { name: string } }>;
}

const SECRET = "licence-4711-abcdef";

/** A reporter as a vendor writes it, and an application that has it twice, once with a backend that is not there. */
const FILES = {
  "acme.mjs": `import { checkAnswer, defineReporter, object } from "@elpis/api";
    export const acme = defineReporter({
      name: "acme",
      options: object({ url: "url", licenceKey: "string?" }),
      open: ({ url, licenceKey = "" }, { log }) => {
        log.info("opened with " + licenceKey, { licenceKey });
        return {
          wants: { signals: ["metrics", "errors", "events"], temporality: "delta", intervalMs: 500 },
          report: async (batch, { signal }) => {
            const headers = { "content-type": "application/json", key: licenceKey };
            await checkAnswer(await fetch(url, { method: "POST", body: JSON.stringify(batch), headers, signal }));
          },
        };
      },
    });`,
  "elpis.config.mjs": `import { metrics } from "@elpis/metrics";
    import { acme } from "./acme.mjs";
    export default { name: "shop",
      plugins: [
        metrics({ intervalMs: 300 }),
        acme({ url: "http://127.0.0.1:@backend@/?token=${SECRET}", licenceKey: "${SECRET}" }),
        acme({ name: "gone", url: "http://127.0.0.1:@nobody@/", licenceKey: "${SECRET}", every: "300ms" }),
      ],
      processes: { web: { entry: "./server.mjs", scale: 2, ready: "listen", env: { PORT: "@port@" } },
        teller: "./teller.mjs" } };`,
  "server.mjs": SERVER,
  "teller.mjs": `import { hub } from "@elpis/core/process";
    import { recordEvent } from "@elpis/telemetry";
    setInterval(() => { void recordEvent(hub, "order.placed", { total: 42 }); console.error("it broke"); }, 100);`,
};

let home: ElpisHome;
let dir: string;

beforeEach(async () => {
  home = await ElpisHome.create();
  dir = join(home.dir, "work");
});
afterEach(() => home.remove());

async function backend(): Promise<{ port: number; got: Got[]; status: { code: number } }> {
  const got: Got[] = [];
  const status = { code: 200 };
  const server = createServer(async (request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (status.code === 200) got.push(JSON.parse(Buffer.concat(chunks).toString()) as Got);
    // Backends like to say what they were asked with.
    response.writeHead(status.code).end(`no ${request.url} ${request.headers.key}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, got, status };
}

describe("elpis reporters", () => {
  test("one gets what all processes measure and tell, another fails alone, and no secret is shown", async () => {
    const { port: backendPort, got, status } = await backend();
    const port = await freePort();
    const config = FILES["elpis.config.mjs"]
      .replace("@port@", String(port))
      .replace("@nobody@", String(await freePort()))
      .replace("@backend@", String(backendPort));
    await writeApp(dir, { ...FILES, "elpis.config.mjs": config });
    const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
    await symlink(modules, join(dir, "node_modules"));
    expect((await home.run(["start"], { cwd: dir })).code).toBe(0);
    for (let at = 0; at < 10; at += 1) await ask(`http://127.0.0.1:${port}/`);
    const served = (): number =>
      got
        .flatMap(({ points }) => points)
        .filter(({ name }) => name === "http.server.responses")
        .reduce((sum, { value = 0 }) => sum + value, 0);
    await until("ten requests to be told, each once", () => served() === 10);
    await until("errors and events of a worker", () => {
      const errors = got.flatMap((one) => one.errors);
      const events = got.flatMap((one) => one.events);
      return (
        errors.some((one) => one.message === "it broke" && one.process === "teller") &&
        events.some((one) => one.name === "order.placed" && one.source.name === "teller")
      );
    });
    const shown = async (name: string) => {
      const { reporters } = await home.json<Status>(["reporters"], { cwd: dir });
      return reporters.find((one) => one.name === name);
    };
    await until("the one without a backend to fail", async () => {
      const gone = await shown("gone");
      return gone?.state === "open" && gone.lastError?.message.includes("ECONNREFUSED");
    });
    expect(await shown("acme")).toMatchObject({ state: "ok" });
    const tried = await home.run(["reporters", "test", "acme"], { cwd: dir });
    expect([tried.code, tried.stdout]).toEqual([
      0,
      expect.stringMatching(/^acme took 3 items in \d+ ms\n$/),
    ]);
    status.code = 403;
    const refused = await home.run(["reporters", "test", "acme"], { cwd: dir });
    expect([refused.code, refused.stdout]).toEqual([
      19,
      expect.stringContaining("HTTP status 403: no /?token=(hidden) (hidden)"),
    ]);
    await until("it to be known", async () => (await shown("acme"))?.state !== "ok");
    const unknown = await home.run(["reporters", "test", "none"], { cwd: dir });
    expect([unknown.code, unknown.stderr]).toEqual([5, expect.stringContaining("acme, gone")]);
    const everything = [
      ...[["reporters"], ["reporters", "--json"], ["show", "teller"], ["show", "agent"]],
      ...[["config"], ["config", "--json"], ["ps", "--json"], ["logs"], ["list", "--json"]],
    ];
    for (const command of everything) {
      const { stdout, stderr } = await home.run(command, { cwd: dir });
      expect(stdout + stderr, command.join(" ")).not.toContain(SECRET);
    }
    const table = await home.run(["reporters"], { cwd: dir });
    expect(table.stdout).toMatch(/^reporter +state +signals/);
    expect(table.stdout).toMatch(/gone \(acme\) +open/);
  });
});
