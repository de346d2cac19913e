import { expect, it } from "vitest";
import { parseAddress } from "../src/checks/address.ts";
import { schema } from "../src/options.ts";

async function issues(value: unknown): Promise<string[]> {
  const result = await schema["~standard"].validate(value);
  return (result.issues ?? []).map(({ path = [], message }) => `${path.join(".")}: ${message}`);
}

it("takes what makes sense", async () => {
  const indicators = {
    a: { disk: "/", minFree: "5%" },
    b: { tcp: 80, critical: false, probes: ["liveness"], interval: "1s", timeout: 500 },
    c: { http: "http://127.0.0.1/" },
    d: { mysql: "db:3306", user: "x" },
    e: { postgres: "/run/postgresql/.s.PGSQL.5432", database: "shop", failures: 3 },
    f: { redis: "[::1]:6379", processes: ["web"] },
    g: { hub: "price.of", input: "tea", to: { name: "agent" } },
    h: { loop: "200ms" },
    i: { memory: { heap: 0.9, rss: "1gb" } },
    j: { check: () => true },
  };
  expect(await issues({ indicators, readiness: true, timeout: "1s" })).toEqual([]);
  expect(await issues({})).toEqual([]);
});

it.each([
  [{ indicators: [] }, "indicators: expected an object"],
  [{ indicators: { a: {} } }, "exactly one of disk, tcp, http"],
  [{ indicators: { a: { tcp: 1, http: "http://x" } } }, "got tcp, http"],
  [{ indicators: { a: { tcp: 0 } } }, "indicators.a.tcp"],
  [{ indicators: { a: { tcp: "host" } } }, "indicators.a.tcp"],
  [{ indicators: { a: { http: "ftp://x" } } }, "indicators.a.http"],
  [{ indicators: { a: { tcp: 1, user: "x" } } }, "indicators.a.user: unknown key"],
  [{ indicators: { a: { tcp: 1, probes: [] } } }, "indicators.a.probes"],
  [{ indicators: { a: { tcp: 1, interval: 0 } } }, "indicators.a.interval"],
  [{ indicators: { a: { memory: {} } } }, "indicators.a.memory"],
  [{ indicators: { a: { memory: { heap: 90 } } } }, "indicators.a.memory"],
  [{ indicators: { process: { tcp: 1 } } }, 'not "process"'],
  [{ readyness: true }, "readyness: unknown key; known are readiness, timeout, indicators"],
])("refuses %j", async (value, text) => {
  expect((await issues(value)).join("\n")).toContain(text);
});

it("reads addresses", () => {
  expect(parseAddress("db:3306")).toEqual({ host: "db", port: 3306 });
  expect(parseAddress("[::1]:1")).toEqual({ host: "::1", port: 1 });
  expect(parseAddress(6379)).toEqual({ host: "127.0.0.1", port: 6379 });
  expect(parseAddress("/run/x.sock")).toEqual({ path: "/run/x.sock" });
  for (const wrong of ["db", "db:0", "db:99999", "a b:1", -1, 1.5, null]) {
    expect(parseAddress(wrong)).toBeUndefined();
  }
});
