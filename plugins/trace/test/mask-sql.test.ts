import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maskSql } from "../src/spans/mask-sql.ts";

describe("a statement without its values", () => {
  test.each([
    ["SELECT * FROM t WHERE a = 'x' AND b = 5", "SELECT * FROM t WHERE a = ? AND b = ?"],
    ["SELECT 'it''s', 'a\\'b', \"c\"", "SELECT ?, ?, ?"],
    ["SELECT `col 1`, t2.c3 FROM t2", "SELECT `col 1`, t2.c3 FROM t2"],
    ["INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')", "INSERT INTO t VALUES (?)"],
    ["SELECT * FROM t WHERE a IN (1, 2,3) LIMIT 10", "SELECT * FROM t WHERE a IN (?) LIMIT ?"],
    ["SELECT 1 -- secret\n, 2 # more\n/* and 'this' */", "SELECT ? , ?"],
    ["SELECT -1.5e-3, 0xFF, x'AB', .5, a-5", "SELECT ?, ?, ?, ?, a-?"],
    ["SELECT ? , :name, @v1, $1", "SELECT ? , :name, @v1, $1"],
    ["UPDATE t SET p = 'never ends", "UPDATE t SET p = ?"],
    ["SELECT _utf8'x'", "SELECT ?"],
  ])("of MySQL: %s", (text, masked) => {
    expect(maskSql(text, "mysql")).toBe(masked);
  });

  test.each([
    ['SELECT "a" FROM "T" WHERE b = \'x\'', 'SELECT "a" FROM "T" WHERE b = ?'],
    ["SELECT 'a\\', 'secret'", "SELECT ?, ?"],
    ["SELECT E'a\\'secret'", "SELECT ?"],
    ["SELECT $$secret$$, $tag$se'cret$tag$, $1, $2", "SELECT ?, ?, $1, $2"],
    ["SELECT a::int, '{1,2}'::int[]", "SELECT a::int, ?::int[]"],
  ])("of PostgreSQL: %s", (text, masked) => {
    expect(maskSql(text, "postgresql")).toBe(masked);
  });

  test("leaves alone what is no SQL", () => {
    expect(maskSql("get price:5", "redis")).toBe("get price:5");
    expect(maskSql('{"a":"?"}', "mongodb")).toBe('{"a":"?"}');
  });

  test("never tells a text that was quoted, whatever stands around it", () => {
    const secret = "S3CR3T";
    const around = fc.string({ unit: fc.constantFrom(..."ab ,=()1\n") });
    const whole = [`'${secret}'`, `'x ''${secret}'' y'`, `/* ${secret} */`, `-- ${secret}\n`];
    const part = fc.tuple(around, fc.constantFrom(...whole)).map((both) => both.join(" "));
    const end = fc.constantFrom("", `'${secret}`, `/* ${secret}`, `-- ${secret}`);
    fc.assert(
      fc.property(
        fc.array(part),
        end,
        fc.constantFrom("mysql", "postgresql"),
        (parts, last, system) => {
          expect(maskSql([...parts, last].join(" "), system)).not.toContain(secret);
        },
      ),
    );
  });

  test("takes no longer than a statement is long", () => {
    const text = `SELECT ${"'".repeat(50_000)} ${"(".repeat(50_000)} ${"?,".repeat(50_000)} ${"$a".repeat(20_000)}`;
    const before = performance.now();
    for (const system of ["mysql", "postgresql"]) maskSql(text, system);
    expect(performance.now() - before).toBeLessThan(2000);
  });
});
