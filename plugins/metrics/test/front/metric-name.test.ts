import { LEVELS } from "@elpis/telemetry";
import { seeded } from "@elpis/testing";
import { describe, expect, it } from "vitest";
import { MetricName } from "../../src/front/metric-name.ts";

describe("MetricName", () => {
  it("builds, resolves and joins keys, leaving out what is empty", () => {
    expect(MetricName.build("http", "", "requests").key).toBe("http.requests");
    expect(MetricName.build("http").resolve("p99").key).toBe("http.p99");
    const joined = MetricName.join(
      MetricName.build("a").tagged({ x: 1, y: 1 }).atLevel("minor"),
      MetricName.build("b").tagged({ y: 2 }).atLevel("critical"),
    );
    expect(joined.key).toBe("a.b");
    expect(joined.tags).toEqual({ x: "1", y: "2" });
    expect(joined.level).toBe("critical");
  });

  it("lets a new tag win over an old one, and changes neither", () => {
    const tags = { host: "b" };
    const before = MetricName.build("a").tagged({ host: "a" });
    const after = before.tagged(tags);
    expect(after.tags).toEqual({ host: "b" });
    expect(before.tags).toEqual({ host: "a" });
    expect(tags).toEqual({ host: "b" });
  });

  it("is the same text whatever the order of tags", () => {
    const one = MetricName.build("a").tagged({ x: 1 }).tagged({ b: 2 });
    const other = MetricName.build("a").tagged({ b: 2, x: 1 });
    expect(String(one)).toBe(String(other));
  });

  it("reads what people write, and refuses what it cannot read", () => {
    expect(MetricName.parse('a.b{x="1",y="2"}#major').tags).toEqual({ x: "1", y: "2" });
    expect(MetricName.parse("a.b").level).toBe("normal");
    for (const text of ["a{x=1}", "a{", "a#loud", 'a{x="1" y="2"}']) {
      expect(() => MetricName.parse(text)).toThrow(
        expect.objectContaining({ code: "ELPIS_METRICS_BAD_METRIC" }),
      );
    }
  });

  it("reads every name that it has written", () => {
    const random = seeded(7);
    const letters = ['"', "\\", "=", ",", "}", "{", "#", "ä", " ", "a", "\n"];
    const text = (): string =>
      Array.from({ length: random.int(5) + 1 }, () => random.pick(letters)).join("");
    for (let run = 0; run < 2000; run++) {
      const tags: Record<string, string> = {};
      for (let at = random.int(4); at > 0; at--) tags[text()] = text();
      const name = MetricName.build("k")
        .tagged(tags)
        .atLevel(random.pick([...LEVELS]));
      const read = MetricName.parse(String(name));
      expect({ ...read }).toEqual({ ...name });
    }
  });
});
