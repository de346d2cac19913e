import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, askJson } from "../support/http.ts";
import { until } from "../support/wait.ts";
import { openShop, type Shop } from "./shop.ts";

interface Worker {
  readonly name: string;
  readonly index: number;
  readonly pid: number;
  readonly requests: number;
  readonly views: Readonly<Record<string, number>>;
  readonly pricesHeard: number;
  readonly lastPrices: Readonly<Record<string, number>>;
  readonly warmed: number;
}
interface Stats {
  readonly partial: boolean;
  readonly workers: readonly Worker[];
}
interface Failure {
  readonly error: { readonly code: string; readonly message: string };
}

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});

afterAll(async () => {
  await shop?.home.remove();
});

async function stats(): Promise<Stats> {
  return (await askJson<Stats>(`${shop.url}/stats`)).body;
}

function ofWeb({ workers }: Stats): Worker[] {
  return workers.filter((one) => one.name === "web");
}

test("what the front page suggests can be typed", async () => {
  const { status, text } = await ask(shop.url);
  expect(status).toBe(200);
  for (const path of ["/price/tea", "/price/gin", "/stats", "/warm", "/crash"]) {
    expect(text).toMatch(new RegExp(`^curl .*${shop.url}${path}`, "m"));
  }
});

test("it says once where it is, and what to try", () => {
  const printed = shop.run.stdout();
  expect(printed.split(`the shop is open: ${shop.url}`)).toHaveLength(2);
  for (const path of ["price/tea", "stats", "warm", "crash"]) {
    expect(printed).toMatch(new RegExp(`curl .*${shop.url}/${path}`));
  }
  expect(shop.run.stderr()).toMatch(/shop is up: agent, web x2, background x1 \(\d+(\.\d)? s\)/);
});

describe("prices", () => {
  test("are asked of the agent", async () => {
    const { status, body } = await askJson<{ price: number }>(`${shop.url}/price/coffee`);
    expect([status, body.price]).toEqual([200, 4.5]);
  });

  test("of what the agent does not know are 404 with its code", async () => {
    const { status, body } = await askJson<Failure>(`${shop.url}/price/gin`);
    expect([status, body.error.code]).toEqual([404, "SHOP_UNKNOWN_SKU"]);
  });

  test("that change are heard by every web process", async () => {
    const before = ofWeb(await stats());
    const options = { method: "POST", body: '{"price":42}' };
    expect((await askJson(`${shop.url}/price/tea`, options)).status).toBe(200);
    await until("both to have heard it", async () => {
      const after = ofWeb(await stats());
      return after.every(
        (one, at) =>
          one.lastPrices.tea === 42 && one.pricesHeard === (before[at]?.pricesHeard ?? 0) + 1,
      );
    });
    const { body } = await askJson<{ price: number }>(`${shop.url}/price/tea`);
    expect(body.price).toBe(42);
  });
});

describe("/stats", () => {
  test("has one entry for each worker, with its pid", async () => {
    const { partial, workers } = await stats();
    expect(partial).toBe(false);
    expect(workers.map((one) => `${one.name}.${one.index}`)).toEqual([
      "background.0",
      "web.0",
      "web.1",
    ]);
    expect(new Set(workers.map((one) => one.pid)).size).toBe(3);
  });

  test("shows that both web processes serve the one port", async () => {
    await until("both to have served", async () => {
      await Promise.all(Array.from({ length: 20 }, () => ask(`${shop.url}/price/tea`)));
      return ofWeb(await stats()).every((one) => one.requests > 1 && (one.views.tea ?? 0) > 0);
    });
  });
});

test("a warm-up falls to exactly one worker, and to each of them in turn", async () => {
  const sum = async (): Promise<number[]> => (await stats()).workers.map((one) => one.warmed);
  const before = await sum();
  for (let at = 1; at <= 12; at += 1) {
    const options = { method: "POST", body: '{"sku":"cake"}' };
    const { status } = await askJson(`${shop.url}/warm`, options);
    expect(status).toBe(200);
    const after = await sum();
    const done = after.map((count, worker) => count - (before[worker] ?? 0));
    expect(done.reduce((all, one) => all + one, 0)).toBe(at);
  }
  const done = (await sum()).map((count, worker) => count - (before[worker] ?? 0));
  expect(Math.min(...done)).toBeGreaterThan(0);
});

test("a warm-up without a body warms the tea", async () => {
  const { status, body } = await askJson<{ warmed: string }>(`${shop.url}/warm`, {
    method: "POST",
  });
  expect([status, body.warmed]).toEqual([200, "tea"]);
});

describe("a wrong request is told what is wrong", () => {
  const post = (body: string) => ({ method: "POST", body });
  test.each([
    ["an unknown path", "/nothing", {}, 404, "SHOP_NO_ROUTE"],
    ["a wrong method", "/price/tea", { method: "DELETE" }, 405, "SHOP_BAD_METHOD"],
    ["a wrong method for one that takes POST", "/warm", {}, 405, "SHOP_BAD_METHOD"],
    ["no JSON", "/price/tea", post("price"), 400, "SHOP_BAD_BODY"],
    ["a list", "/price/tea", post("[1]"), 400, "SHOP_BAD_BODY"],
    ["no body", "/price/tea", post(""), 400, "SHOP_BAD_PRICE"],
    ["no price", "/price/tea", post("{}"), 400, "SHOP_BAD_PRICE"],
    ["a negative price", "/price/tea", post('{"price":-1}'), 400, "SHOP_BAD_PRICE"],
    ["a price that is text", "/price/tea", post('{"price":"1"}'), 400, "SHOP_BAD_PRICE"],
    ["a strange article", "/price/__proto__", {}, 400, "SHOP_BAD_SKU"],
    ["a broken escape", "/price/%ff", {}, 400, "SHOP_BAD_PATH"],
    ["a large body", "/price/tea", post("x".repeat(200_000)), 413, "SHOP_TOO_LARGE"],
  ])("%s", async (_, path, options, status, code) => {
    const answer = await askJson<Failure>(`${shop.url}${path}`, options);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  test("a 405 names what is allowed", async () => {
    const { headers } = await ask(`${shop.url}/price/tea`, { method: "PUT" });
    expect(headers.allow).toBe("GET, POST");
  });
});

test("without its agent the shop answers at once that it cannot, and again when the agent is back", async () => {
  const { processes } = await shop.home.json<{
    processes: Array<{ name: string; pid: number }>;
  }>(["ps", "shop"]);
  process.kill(processes.find((one) => one.name === "agent")?.pid ?? 0, "SIGSTOP");
  const frozen = await askJson<Failure>(`${shop.url}/price/coffee`);
  expect([frozen.status, frozen.body.error.code]).toEqual([504, "ELPIS_HUB_DEADLINE"]);
  process.kill(processes.find((one) => one.name === "agent")?.pid ?? 0, "SIGKILL");
  const statuses = new Set<number>();
  await until("the agent to answer again", async () => {
    const { status } = await ask(`${shop.url}/price/coffee`);
    statuses.add(status);
    return status === 200;
  });
  for (const status of statuses) expect([200, 503]).toContain(status);
});
