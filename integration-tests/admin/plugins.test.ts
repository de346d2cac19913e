import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ReporterStatus } from "@elpis/api";
import type { RunRecord, TaskStatus } from "@elpis/schedule";
import type { Point } from "@elpis/telemetry";
import { expect, it, onTestFinished } from "vitest";
import { get, waitFor } from "../process/support.ts";
import { adminApp } from "./support.ts";

/** Stands in options and variables, and nowhere else. */
const SECRET = "licence-4711-abcdef";

it("/tasks shows tasks of @elpis/schedule, and runs, pauses and resumes them", async () => {
  const app = await adminApp(
    `admin(), schedule({ tasks: { tidy: { every: "1h", entry: "./tidy.mjs", fork: { env: { API_TOKEN: "${SECRET}" } } } } })`,
    { "tidy.mjs": "export default () => ({ tidied: 3 });" },
    "",
    'import { schedule } from "@elpis/schedule";',
  );
  const task = async () =>
    ((await app.get("/tasks")).body.data as { tasks: TaskStatus[] }).tasks[0];
  expect(await task()).toMatchObject({
    ...{ name: "tidy", schedule: "every 1h", on: "fork", state: "idle", source: "config" },
    counts: { done: 0 },
  });
  const asked = await app.post("/tasks/tidy/run");
  expect([asked.status, asked.body.data]).toMatchObject([200, { ids: [expect.any(String)] }]);
  await waitFor("it to be done", async () => (await task())?.counts.done === 1, 20_000);
  const history = (await app.get("/tasks/tidy")).body.data as { runs: RunRecord[] };
  expect(history.runs).toMatchObject([{ task: "tidy", outcome: "done" }]);
  expect((await app.post("/tasks/tidy/pause")).status).toBe(200);
  expect(await task()).toMatchObject({
    state: "paused",
    pausedBy: "admin over HTTP (shop/agent.0)",
  });
  expect((await app.post("/tasks/tidy/resume")).status).toBe(200);
  expect((await task())?.state).toBe("idle");
  expect((await app.get("/tasks/nobody")).status).toBe(404);
  expect((await app.post("/tasks/nobody/run")).status).toBe(404);
  for (const path of ["/tasks", "/tasks/tidy", "/config", "/info"]) {
    expect((await app.get(path)).text, path).not.toContain(SECRET);
  }
});

it("/metrics has what @elpis/metrics has measured, in the form that is asked for", async () => {
  const app = await adminApp(
    "admin(), metrics({ intervalMs: 200 })",
    {
      "web.mjs": `import { createServer } from "node:http";
      createServer((_, response) => response.end("hi")).listen(process.env.ELPIS_PROCESS_INDEX === "0" ? 0 : undefined, "127.0.0.1", function () {
        console.log("port " + this.address().port);
      });`,
    },
    "",
    'import { metrics } from "@elpis/metrics";',
  );
  const port = Number(/port (\d+)/.exec(app.lines.join("\n"))?.[1]);
  await get(port);
  const isServed = ({ name, source }: Point): boolean =>
    name === "http.server.responses" && source.name === "web";
  const found = await waitFor("the request to be counted", async () => {
    const points = (await app.get("/metrics")).body.data as Point[];
    return points.find(isServed);
  });
  expect(found).toMatchObject({ value: 1, tags: { class: "2xx" }, source: { app: "shop" } });
  expect(found.source.index).toBeUndefined();
  const each = (await app.get("/metrics/http?scope=process")).body.data as Point[];
  expect(each.filter(isServed)).toMatchObject([
    { value: 1, source: { index: expect.any(Number) } },
  ]);

  const line = /^http_server_responses_total\{app="shop",process="web",class="2xx"\} 1$/m;
  const plain = await app.get("/metrics", { accept: "text/plain" });
  expect(plain.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(plain.text).toMatch(line);
  expect(plain.text).toMatch(/^# TYPE http_server_responses_total counter$/m);
  expect(plain.text).not.toContain("# EOF");
  // As a Prometheus asks.
  const accept =
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  const open = await app.get("/metrics", { accept });
  expect(open.headers["content-type"]).toBe(
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  );
  expect(open.text).toMatch(line);
  expect(open.text).toMatch(/^# TYPE http_server_responses counter$/m);
  expect(open.text).toMatch(/\n# EOF\n$/);
});

it("/reporters shows how they are, tries one for who has the token, and no secret", async () => {
  const backend = { status: 200, got: 0 };
  const server = createServer((request, response) => {
    backend.got += 1;
    request.resume();
    // Backends like to say what they were asked with.
    response.writeHead(backend.status).end(`no ${request.url} ${request.headers.key}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const app = await adminApp(
    `admin(), metrics({ intervalMs: 200 }), acme({ url: "http://127.0.0.1:${port}/?token=${SECRET}", licenceKey: "${SECRET}", every: "200ms" })`,
    {
      "acme.mjs": `import { checkAnswer, defineReporter, object } from "@elpis/api";
        export const acme = defineReporter({
          name: "acme",
          options: object({ url: "url", licenceKey: "string" }),
          open: ({ url, licenceKey }) => ({
            wants: { signals: ["metrics"] },
            report: async (batch, { signal }) =>
              checkAnswer(await fetch(url, { method: "POST", body: JSON.stringify(batch), headers: { key: licenceKey }, signal })),
          }),
        });`,
    },
    `env: { LICENCE_KEY: "${SECRET}" },`,
    'import { metrics } from "@elpis/metrics"; import { acme } from "./acme.mjs";',
  );
  const status = async () => ((await app.get("/reporters")).body.data as ReporterStatus[])[0];
  const first = await waitFor("a batch to be taken", async () => {
    const one = await status();
    return (one?.sent ?? 0) > 0 && one;
  });
  expect(first).toMatchObject({ name: "acme", state: "ok", signals: ["metrics"], dropped: 0 });
  expect(first.lastSuccess).toBeGreaterThan(Date.now() - 60_000);
  const tried = await app.post("/reporters/acme/test");
  expect([tried.status, tried.body.data]).toMatchObject([200, { ok: true, rejected: 0 }]);
  expect((await app.post("/reporters/acme/test", undefined, {})).status).toBe(401);
  expect((await app.post("/reporters/nobody/test")).status).toBe(404);
  backend.status = 403;
  const refused = await app.post("/reporters/acme/test");
  expect([refused.status, refused.body.success]).toEqual([502, false]);
  expect(refused.body.message).toContain("HTTP status 403: no /?token=(hidden) (hidden)");
  await waitFor("it to be known", async () => (await status())?.lastError !== undefined);
  for (const path of ["/reporters", "/info", "/config", "/daemon", "/process/web", "/error"]) {
    const { status: code, text } = await app.get(path);
    expect([path, code]).toEqual([path, 200]);
    expect(text, path).not.toContain(SECRET);
  }
  expect(refused.text).not.toContain(SECRET);
  expect(backend.got).toBeGreaterThan(2);
});
