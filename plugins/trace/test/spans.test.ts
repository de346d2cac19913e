import { describe, expect, test } from "vitest";
import type { SqlOptions } from "../src/options.ts";
import { Discretion } from "../src/spans/discretion.ts";
import type { SentSpan } from "../src/topics.ts";
import { recording } from "./recording.ts";

function sent(
  attributes: Record<string, string | number>,
  { sql = {}, withQuery = false }: { sql?: SqlOptions; withQuery?: boolean } = {},
): SentSpan {
  const { tracer, told } = recording({ discretion: new Discretion(sql, withQuery) });
  const span = tracer.startSpan("one", { attributes });
  span.addEvent("seen", { of: "it" });
  span.end();
  return told()[0] as SentSpan;
}

describe("a span as plain data", () => {
  test("has all that there is, with times that are finer than milliseconds", () => {
    const before = performance.timeOrigin + performance.now();
    const { start, events, ...rest } = sent({ a: 1 });
    expect(start).toBeGreaterThanOrEqual(before - 1);
    expect(start).toBeLessThanOrEqual(performance.timeOrigin + performance.now() + 1);
    expect(start % 1).not.toBe(0);
    expect(events).toMatchObject([{ name: "seen", tags: { of: "it" } }]);
    expect(rest).toMatchObject({
      name: "one",
      kind: "internal",
      status: "unset",
      tags: { a: 1 },
      links: [],
      instrumentation: { name: "test", version: "1.2.3" },
    });
  });

  test("has statements without values, none, or as they are", () => {
    const statement = {
      "db.system.name": "mysql",
      "db.query.text": "SELECT 'secret' FROM t WHERE a = 5",
    };
    expect(sent(statement).tags["db.query.text"]).toBe("SELECT ? FROM t WHERE a = ?");
    expect(sent(statement, { sql: { record: false } }).tags).not.toHaveProperty("db.query.text");
    expect(sent(statement, { sql: { mask: false } }).tags["db.query.text"]).toContain("secret");
  });

  test("has addresses without query and password, unless the query is asked for", () => {
    const address = {
      "url.full": "https://me:geheim@api.example/pay?token=geheim&page=2",
      "url.query": "token=geheim&page=2",
    };
    const { tags } = sent(address);
    expect(JSON.stringify(tags)).not.toMatch(/geheim|page/);
    expect(tags["url.full"]).toMatch(/^https:.*@api\.example\/pay$/);
    const asked = sent(address, { withQuery: true }).tags;
    expect(JSON.stringify(asked)).not.toContain("geheim");
    expect(asked["url.full"]).toContain("page=2");
    expect(asked["url.query"]).toContain("page=2");
  });
});
