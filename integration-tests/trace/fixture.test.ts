import { expect, it } from "vitest";
import { useDatabases } from "../support/databases.ts";
import { until } from "../support/wait.ts";
import { FORMS, startShop } from "./shop.ts";

const databases = await useDatabases("mysql", "redis");

/** Each route, and what it answers. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  "/health": "ok",
  "/price/tea": { sku: "tea", price: 3.2 },
  "/fresh/tea": { sku: "tea", price: 3.2 },
  "/order/cake": { sku: "cake", price: 5, left: 99 },
  "/slow/1": { ms: "1" },
  "/chain/fetch": expect.objectContaining({ "user-agent": "node" }),
  "/chain/get": expect.objectContaining({ host: expect.any(String) }),
  "/job/tea": { id: expect.any(String), duplicate: false },
  "/stream/10": { sum: 55 },
  "/object/cake": { left: 99 },
  "/consume/tea": null,
  "/map/cake": [99],
  "/emit/tea": null,
};

it.for(FORMS)(
  "without a trace the shop does all that traces are taken of (%s)",
  async (form, { skip }) => {
    skip(databases.missing !== undefined, databases.missing);
    const shop = await startShop(databases, { form, trace: false });
    for (const [path, body] of Object.entries(ANSWERS)) {
      const answer = await shop.get(path);
      expect({ path, ...answer }).toMatchObject({ path, status: 200, body });
      expect(answer.traceId).toBeUndefined();
    }
    expect((await shop.get("/price/tea")).body).toEqual({ sku: "tea", price: 3.2 });
    expect(await shop.get("/price/gin")).toMatchObject({
      status: 500,
      body: { code: "SHOP_UNKNOWN" },
    });
    expect((await shop.get("/fail")).status).toBe(500);
    expect(await shop.get("/late")).toMatchObject({
      status: 500,
      body: { code: "ELPIS_HUB_DEADLINE" },
    });
    await until("all work to be done", async () => {
      expect(await shop.done()).toEqual({ mails: 1, counted: 1, seen: 1 });
      return true;
    });
    for (const path of ["/hang/here", "/hang/stock", "/slow/60000"]) {
      const left = shop.leave(path);
      expect(await shop.openRequest(path)).toMatchObject({ url: path });
      left();
    }
    await until("all three to be seen to go", async () => (await shop.aborted()) === 3);
  },
);
