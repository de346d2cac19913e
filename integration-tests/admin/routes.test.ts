import http from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { waitFor } from "../process/support.ts";
import { adminApp, request } from "./support.ts";

it("starts an agent for itself, and has every route that its document names", async () => {
  const app = await adminApp();
  expect(app.master.status().processes.map(({ name }) => name)).toEqual([
    ...["master", "agent", "web", "web"],
  ]);
  const document = (await app.get("/openapi.json")).body as unknown as {
    openapi: string;
    paths: Record<
      string,
      Record<string, { operationId: string; responses: object; security?: [] }>
    >;
  };
  expect(document.openapi).toBe("3.1.0");
  const ids = new Set<string>();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { operationId, responses, security }] of Object.entries(methods)) {
      expect(ids.has(operationId), operationId).toBe(false);
      ids.add(operationId);
      const filled = path.replaceAll(/\{\w+\}/g, "nobody");
      if (method === "get" && path !== "/events") {
        const { status } = await app.get(filled);
        expect(Object.keys(responses), `${path} answers ${status}`).toContain(String(status));
      }
      // Whatever changes something says that it needs the token, and does.
      if (method === "post") {
        expect(security).toEqual([{ token: [] }]);
        expect((await app.post(filled, undefined, {})).status, path).toBe(401);
      }
    }
  }
  const listed = (await app.get("/")).body.data as { routes: { path: string }[] };
  for (const path of ["/health", "/health/live", "/health/ready", "/health/startup", "/info"]) {
    expect(listed.routes.map((route) => route.path)).toContain(path);
  }
});

it("answers in its envelope, and never with 200 when something failed", async () => {
  const app = await adminApp();
  const good = await app.get("/process?name=web");
  expect(good.body).toMatchObject({ success: true, message: "", timestamp: expect.any(Number) });
  expect(good.body.data).toHaveLength(2);
  const wrong: readonly [string, number][] = [
    ["/process?name=nobody", 404],
    ["/process/nobody", 404],
    ["/nothing", 404],
    ["/trace", 404],
    ["/trace?status=quick", 400],
    ["/trace/stats", 404],
    ["/trace/abc", 400],
    [`/trace/${"0".repeat(32)}`, 404],
    ["/metrics", 404],
    ["/metrics/prometheus", 404],
    ["/tasks", 404],
    ["/reporters", 404],
    ["/error?by=name", 400],
    ["/error?limit=-1", 400],
  ];
  for (const [path, status] of wrong) {
    const answer = await app.get(path);
    expect([path, answer.status, answer.body.success, answer.body.data]).toEqual([
      ...[path, status, false, null],
    ]);
    expect(answer.body.message, path).not.toBe("");
  }
  expect((await app.get("/metrics")).body.message).toContain("@elpis/metrics");
  expect((await app.get("/trace")).body.message).toContain("@elpis/trace");
  expect((await app.post("/process/nobody/restart")).status).toBe(404);
  expect((await app.post("/process/web/signal", { signal: "SIGNOTHING" })).status).toBe(400);
  expect((await app.post("/scale", { scale: { web: "many" } })).status).toBe(400);
  expect((await app.post("/rollback", { processes: ["web"] })).status).toBe(409);
  expect((await app.post("/tasks/x/run")).status).toBe(404);
  expect((await app.post("/reporters/x/test")).status).toBe(404);
});

it("does what the command line can do", async () => {
  const app = await adminApp();
  const pids = () =>
    app.master
      .status()
      .processes.filter(({ name }) => name === "web")
      .map(({ pid }) => pid);
  const [first, second] = pids();
  expect((await app.post("/process/web.0/restart")).status).toBe(200);
  expect(pids()[0]).not.toBe(first);
  expect(pids()[1]).toBe(second);
  const scaled = await app.post("/scale", { scale: { web: "+1" } });
  expect([scaled.status, scaled.body.data]).toEqual([200, { scale: { web: { from: 2, to: 3 } } }]);
  const reloaded = await app.post("/reload", { processes: ["web"] });
  expect([reloaded.status, (reloaded.body.data as { replaced: [] }).replaced.length]).toEqual([
    200, 3,
  ]);
  expect((await app.post("/process/web/stop")).status).toBe(200);
  expect((await app.get("/health")).status).toBe(503);
  expect((await app.post("/process/web/start")).status).toBe(200);
  expect((await app.get("/health")).status).toBe(200);
});

it("tells what happens, as it happens", async () => {
  const app = await adminApp();
  let text = "";
  const events = http.get(
    { host: "127.0.0.1", port: app.port, path: "/events", agent: false },
    (answer) => {
      expect(answer.headers["content-type"]).toContain("text/event-stream");
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
    },
  );
  events.on("error", () => {});
  await waitFor("it to begin", () => text.includes("retry"));
  // What it listens to reaches the hub before what the same process asks for next.
  await app.post("/process/web.1/restart");
  await waitFor("the end of it", () => /event: operation\ndata: .*"type":"ended"/.test(text));
  expect(text).toMatch(/event: operation\ndata: .*"type":"begun".*"name":"restart"/);
  expect(text).toMatch(/event: process\ndata: .*"name":"web"/);
  // Whoever listens does not keep the application from stopping.
  const began = performance.now();
  await app.master.stop();
  expect(performance.now() - began).toBeLessThan(4000);
});

it("has errors of all processes, page by page, also of those that have died", async () => {
  const app = await adminApp();
  await app.tell("info");
  await app.tell("log");
  await app.tell("log", 1);
  const page = async (query = "") =>
    (await app.get(`/error${query}`)).body.data as {
      count: number;
      total: number;
      items: {
        process: string;
        index: number;
        pid: number;
        errType: string;
        message: string;
        origin: string;
        stack: string;
      }[];
    };
  await waitFor("both", async () => (await page()).count === 2);
  const { items } = await page("?order=asc&limit=1");
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({
    process: "web",
    errType: "RangeError",
    origin: "console",
    message: "it broke: too far",
  });
  const pid = await app.tell("throw");
  await waitFor("it to be gone", () =>
    app.master.status().processes.every((one) => one.pid !== pid),
  );
  const last = (await page()).items.find((one) => one.origin === "uncaughtException");
  expect(last).toMatchObject({ pid, errType: "TypeError", message: "nobody caught it" });
});

it("one process that hangs does not keep the answers of the others", async () => {
  const app = await adminApp("admin(), health()");
  await app.tell("log", 1);
  await app.tell("block", 0);
  await pause(100);
  const began = performance.now();
  const { status, body } = await app.get("/error");
  expect(status).toBe(200);
  expect(performance.now() - began).toBeLessThan(4500);
  expect((body.data as { count: number }).count).toBe(1);
});

it("is asked over a keep-alive connection too", async () => {
  const app = await adminApp();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (const path of ["/info", "/nothing", "/process"]) {
    const { status } = await request({ port: app.port, path, agent });
    expect([200, 404]).toContain(status);
  }
  agent.destroy();
});

it("tells points, as JSON or as text, where a plugin has some", async () => {
  const app = await adminApp(
    "admin(), measured()",
    {},
    "",
    `
    import { definePlugin } from "@elpis/api";
    import { metricsReader } from "@elpis/telemetry";
    const about = { unit: "", description: "Orders", level: "normal", tags: {}, start: 1, time: 2, source: { name: "web" } };
    const points = [
      { ...about, name: "shop.orders", group: "shop", kind: "counter", temporality: "cumulative", value: 3 },
      { ...about, name: "shop.stock", group: "list", kind: "gauge", value: 7 },
    ];
    const measured = definePlugin({
      name: "measured", roles: ["agent"], provides: [metricsReader],
      setup: (host) => host.provide(metricsReader, {
        points: ({ scope, filter = {} } = {}) => points
          .filter(({ group }) => filter.groups?.includes(group) ?? true)
          .map((point) => ({ ...point, source: { ...point.source, app: scope } })),
      }),
    });`,
  );
  expect((await app.get("/metrics")).body.data).toHaveLength(2);
  expect((await app.get("/metrics/shop")).body.data).toMatchObject([
    { name: "shop.orders", value: 3 },
  ]);
  expect((await app.get("/metrics/nothing")).status).toBe(404);
  // Groups of names that are paths of their own.
  expect((await app.get("/metrics?group=list")).body.data).toMatchObject([{ name: "shop.stock" }]);
  expect((await app.get("/metrics?group=nothing")).status).toBe(404);
  expect((await app.get("/metrics/prometheus?group=list")).text).not.toContain("shop_orders");
  for (const path of ["/metrics", "/metrics/shop", "/metrics/prometheus"]) {
    expect((await app.get(path)).text, path).toMatch(/app"?[:=]"name"/);
    expect((await app.get(`${path}?scope=process`)).text, path).toMatch(/app"?[:=]"process"/);
    expect((await app.get(`${path}?scope=world`)).status, path).toBe(400);
  }
  expect((await app.get("/metrics/list")).body.data).toMatchObject({
    shop: [{ name: "shop.orders" }],
  });
  for (const [path, accept, type] of [
    ["/metrics/prometheus", "*/*", "text/plain; version=0.0.4; charset=utf-8"],
    [
      "/metrics",
      "text/plain;version=0.0.4;q=0.5, */*;q=0.1",
      "text/plain; version=0.0.4; charset=utf-8",
    ],
    [
      "/metrics",
      "application/openmetrics-text; version=1.0.0, text/plain;q=0.5",
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    ],
  ] as const) {
    const { status, headers, text } = await app.get(path, { accept });
    expect([status, headers["content-type"]]).toEqual([200, type]);
    expect(text).toMatch(/^shop_orders_total\{[^}]*\} 3/m);
  }
});
