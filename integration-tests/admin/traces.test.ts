import type { TracePage, TraceStats } from "@elpis/api";
import { expect, it } from "vitest";
import { BEGAN, failedTrace, KEEPER, simpleTrace } from "../support/trace-keeper.ts";
import { type AdminApp, adminApp } from "./support.ts";

/** An application whose agent keeps these traces, and whose master keeps none. */
function app(): Promise<AdminApp> {
  const traces = [
    simpleTrace("0af7"),
    simpleTrace("1bf8", { name: "GET /cart", status: "slow", durationMs: 1500 }),
    failedTrace(),
  ];
  return adminApp(
    "admin(), keeping()",
    { "keeper.mjs": KEEPER },
    "",
    `import { definePlugin } from "@elpis/api";
     import { keep } from "./keeper.mjs";
     const traces = ${JSON.stringify(traces)};
     const keeping = definePlugin({ name: "keeping", roles: ["agent"], setup: ({ hub }) => keep(hub, traces) });`,
  );
}

it("/trace lists traces that match, page by page", async () => {
  const { get, master } = await app();
  const page = async (query = ""): Promise<TracePage> => {
    const { status, body } = await get(`/trace${query}`);
    expect([query, status, body.success]).toEqual([query, 200, true]);
    return body.data;
  };
  const names = async (query: string): Promise<string[]> =>
    (await page(query)).items.map(({ name }) => name);
  const all = await page();
  expect(all).toMatchObject({ total: 3, offset: 0, limit: 100, lastSeq: 3 });
  // Nothing of it is taken for a secret.
  const { tree: _, omitted: __, ...summary } = failedTrace();
  expect(all.items[0]).toEqual({ ...summary, seq: 3 });
  expect(await names("")).toEqual(["POST /order", "GET /cart", "GET /"]);
  expect(await names("?order=asc&offset=1&limit=1")).toEqual(["GET /cart"]);
  expect(await names("?status=error,slow")).toEqual(["POST /order", "GET /cart"]);
  expect(await names("?name=CART")).toEqual(["GET /cart"]);
  expect(await names("?min=100ms&max=1s&process=jobs")).toEqual(["POST /order"]);
  expect(await names("?tag=http.route:/order,http.response.status_code:500")).toEqual([
    "POST /order",
  ]);
  expect(await names("?tag=http.route:/cart")).toEqual([]);
  expect(await names(`?since=2026-01-31T12:00:00Z&until=${BEGAN}`)).toHaveLength(3);
  await page("?status=slow&min=100ms&since=10m&tag=a:b,c:d&process=web.0&limit=7");
  expect(await master.hub.client.request("test.asked", null)).toEqual({
    ...{ statuses: ["slow"], minMs: 100, process: "web.0", limit: 7 },
    ...{ since: expect.any(Number), tags: { a: "b", c: "d" } },
  });
});

it("/trace/<id> has the spans of one, with what looks like a secret blanked", async () => {
  const { get } = await app();
  const whole = failedTrace();
  const { status, text, body } = await get(`/trace/${whole.traceId.toUpperCase()}`);
  expect(status).toBe(200);
  expect(text).not.toContain("hunter2");
  const [first, ...others] = whole.tree;
  expect(body.data).toEqual({
    ...{ ...whole, seq: 3 },
    tree: [
      {
        ...first,
        tags: {
          "http.response.status_code": 500,
          "http.route": "/order",
          "url.full": "http://ann:(hidden)@shop/order?access_token=(hidden)",
          "http.request.header.authorization": "(hidden)",
        },
      },
      ...others,
    ],
  });
});

it("/trace/stats has what the keeper counts", async () => {
  const { get } = await app();
  const { status, body } = await get("/trace/stats");
  expect([status, (body.data as TraceStats).kept]).toEqual([200, 3]);
  expect(body.data).toMatchObject({ lostAtSender: 4, lostHere: 5, cached: { traces: 3 } });
});

it("says what is wrong with a question, and what is not there", async () => {
  const { get } = await app();
  const wrong: readonly [string, number, string, string][] = [
    ["/trace?status=quick", 400, "ELPIS_ADMIN_INPUT", "status of the query is quick"],
    ["/trace?by=size", 400, "ELPIS_ADMIN_INPUT", "by of the query is not known"],
    ["/trace?limit=1001", 400, "ELPIS_ADMIN_INPUT", "from 1 to 1000"],
    // What the keeper itself refuses.
    ["/trace?name=refuse+me", 400, "ELPIS_TRACE_BAD_QUERY", "The part name makes no sense"],
    ["/trace/4bf9", 400, "ELPIS_ADMIN_INPUT", "32 hexadecimal digits"],
    [`/trace/${"f".repeat(32)}`, 404, "ELPIS_ADMIN_NOT_FOUND", "no such trace"],
  ];
  for (const [path, status, code, message] of wrong) {
    const { status: got, body } = await get(path);
    expect([path, got, body.code, body.success]).toEqual([path, status, code, false]);
    expect(body.message, path).toContain(message);
  }
  const document = (await get("/openapi.json")).body as unknown as {
    paths: Record<string, { get: { parameters: { name: string; description?: string }[] } }>;
  };
  const parts = document.paths["/trace"]?.get.parameters.map(({ name }) => name);
  expect(parts).toEqual(expect.arrayContaining(["status", "min", "tag", "order", "limit"]));
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(["/trace/stats", "/trace/{id}"]),
  );
});
