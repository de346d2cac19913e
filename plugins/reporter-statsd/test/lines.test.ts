import { describe, expect, it } from "vitest";
import { dogName, eventLine } from "../src/dialect-dogstatsd.ts";
import { statsdName } from "../src/dialect-statsd.ts";
import { LineMaker } from "../src/lines.ts";
import { MAX_PACKET_BYTES, packetsOf } from "../src/packets.ts";
import { plain } from "../src/values.ts";
import { counter, gauge, histogram, T0, upDown } from "./points.ts";
import { type Dialect, Reader } from "./server.ts";

const NAMES = { statsd: statsdName, dogstatsd: dogName };

function maker(dialect: Dialect, prefix = ""): LineMaker {
  return new LineMaker((point, suffix, hash) => NAMES[dialect](prefix, point, suffix, hash));
}

function textsOf(dialect: Dialect, ...points: Parameters<LineMaker["linesOf"]>[0]): string[] {
  return maker(dialect)
    .linesOf(points)
    .lines.map(({ text }) => text);
}

describe("lines of StatsD", () => {
  it("have source, name and tags in the name", () => {
    const tags = { "http.method": "GET", route: "/users/:id" };
    expect(
      textsOf("statsd", counter({ tags, source: { app: "shop", name: "web", index: 2 } })),
    ).toEqual(["shop.web.2.orders.http_method.GET.route._users__id_c198382d:12|c"]);
  });

  it("have every kind of point", () => {
    const points = [
      counter(),
      gauge({ name: "load" }),
      upDown({ name: "queue" }),
      histogram([1, 2], { name: "took" }),
    ];
    expect(textsOf("statsd", ...points)).toEqual([
      "shop.web.orders:12|c",
      "shop.web.load:0.5|g",
      "shop.web.queue:0|g\nshop.web.queue:-3|g",
      "shop.web.took.count:2|c",
      ...["min:1", "max:2", "mean:1.5", "p50:1", "p75:2", "p90:2", "p95:2", "p99:2"].map(
        (value) => `shop.web.took.${value}|g`,
      ),
    ]);
  });

  it("have a prefix", () => {
    const { lines } = maker("statsd", "elpis.test").linesOf([counter()]);
    expect(lines[0]?.text).toBe("elpis.test.shop.web.orders:12|c");
  });
});

describe("lines of DogStatsD", () => {
  it("have tags", () => {
    const tags = { "http.method": "GET", route: "/users/:id", app: "mine", note: "a,b|c d" };
    expect(textsOf("dogstatsd", counter({ tags }))).toEqual([
      "orders:12|c|#app:shop,process:web,tag_app:mine,http.method:GET,note:a_b_c_d_f6c1f7c3,route:/users/:id",
    ]);
    expect(textsOf("dogstatsd", gauge({ name: "9 lives", source: {}, value: -5 }))).toEqual([
      "m_9_lives_d05adc7c:0|g\nm_9_lives_d05adc7c:-5|g",
    ]);
  });

  it("have events, with sizes in bytes", () => {
    const source = { app: "shop", name: "web" };
    const event = { name: "Größe|neu", time: T0 + 999, tags: { 尺寸: "大" }, source };
    const line = eventLine(event);
    expect(line).toBe(`_e{11,10}:Größe neu|尺寸=大|d:${T0 / 1000}|#app:shop,process:web,尺寸:大`);
    const long = eventLine({
      ...event,
      name: "名".repeat(900),
      tags: { a: "大".repeat(900), b: "x\ny" },
    });
    const reader = new Reader("dogstatsd");
    for (const one of [line, long]) reader.take(Buffer.from(one));
    expect(reader.seen.bad).toEqual([]);
    expect(reader.seen.events).toHaveLength(2);
  });
});

describe.each<Dialect>(["statsd", "dogstatsd"])("%s", (dialect) => {
  const key = (name: string): object => ({ name, source: { app: "shop", name: "web" } });

  it("can be read, whatever the names are", () => {
    const points = [
      counter({
        name: "a:b|c\nd@e#f",
        tags: { "k|:,\n": "v|:,\n", 城市: "北京", "": "", emoji: "😀" },
      }),
      gauge({ name: "long".repeat(100), tags: { value: "v".repeat(1000) }, value: -1e-9 }),
      histogram([1], { name: "..dots..", tags: Object.fromEntries(manyTags()) }),
      upDown({ name: "名".repeat(300), tags: Object.fromEntries(manyTags()), value: -(2 ** 70) }),
    ];
    const { lines } = maker(dialect).linesOf(points);
    const { packets, tooLong } = packetsOf(lines);
    const reader = new Reader(dialect);
    for (const { text } of packets) reader.take(Buffer.from(text));
    expect([reader.seen.bad, tooLong.size]).toEqual([[], 0]);
    expect(reader.seen.counters.size + reader.seen.gauges.size).toBe(4 + 8);
  });

  it("has as many names as there are series, also when they are cleaned to the same", () => {
    const values = ["a b", "a_b", "a|b", "A_b", "a\tb"];
    const many = values.map((value) => counter({ ...key("x"), tags: { value } }));
    const long = ["1", "2"].map((end) => counter({ ...key("n".repeat(400) + end) }));
    const tails = ["1", "2"].map((end) =>
      counter({ ...key("y"), tags: { ...Object.fromEntries(manyTags()), zz: end } }),
    );
    const made = maker(dialect);
    const names = (): string[] =>
      made.linesOf([...many, ...long, ...tails]).lines.map(({ text }) => text.toLowerCase());
    const first = names();
    expect(new Set(first).size).toBe(values.length + 4);
    expect(names()).toEqual(first);
  });

  it("has names that do not depend on what came before", () => {
    const points = ["a b", "a_b", "a|b"].flatMap((value) => [
      counter({ ...key("x"), tags: { value } }),
      counter({ ...key(value) }),
    ]);
    const names = (order: typeof points): string[] =>
      maker(dialect)
        .linesOf(order)
        .lines.map(({ text }) => text)
        .sort();
    expect(names(points)).toEqual(names(points.toReversed()));
    expect(new Set(names(points)).size).toBe(points.length);
  });

  it("has the same name for a process that has started again", () => {
    const made = maker(dialect);
    const names = [0, 1, 2].map((epoch) => {
      const source = { app: "shop", name: "web", index: 0, epoch };
      return made.linesOf([counter({ source })]).lines[0]?.text;
    });
    expect(new Set(names).size).toBe(1);
  });

  it("leaves out what cannot be sent, and says so", () => {
    const points = [
      gauge({ value: Number.NaN }),
      counter({ temporality: "cumulative" }),
      counter({ name: "good" }),
      gauge({ value: Number.POSITIVE_INFINITY }),
    ];
    const { lines, refused } = maker(dialect).linesOf(points);
    expect(lines.map(({ point }) => point)).toEqual([2]);
    expect(refused).toEqual({
      count: 3,
      reason: "2 not sent: its value is no number; 1 not sent: it is a total",
    });
  });
});

function manyTags(): [string, string][] {
  return Array.from({ length: 64 }, (_, at) => [`key.${at}`, `value ${at}`.repeat(3)]);
}

describe("packets", () => {
  it("hold as many lines as fit, none of them torn", () => {
    const lines = Array.from({ length: 500 }, (_, point) => ({
      text: `name.${point}:${point}|c`,
      point,
    }));
    const { packets } = packetsOf(lines);
    expect(
      packets
        .map(({ text }) => text)
        .join("\n")
        .split("\n"),
    ).toEqual(lines.map(({ text }) => text));
    for (const { text } of packets.slice(0, -1)) {
      expect(text.length).toBeLessThanOrEqual(MAX_PACKET_BYTES);
      expect(text.length).toBeGreaterThan(MAX_PACKET_BYTES - 20);
    }
  });

  it("leave out what fits into none", () => {
    const lines = [
      { text: "x".repeat(1433), point: 0 },
      { text: "x".repeat(1432), point: 1 },
    ];
    const { packets, tooLong } = packetsOf(lines);
    expect([packets.length, [...tooLong]]).toEqual([1, [0]]);
  });
});

describe("a number", () => {
  it.each([
    [0, "0"],
    [-0, "0"],
    [1e21, "1000000000000000000000"],
    [1e-7, "0.0000001"],
    [-1.5e-9, "-0.0000000015"],
    [1e-30, "0"],
    [-1e-30, "0"],
    [0.1, "0.1"],
  ])("%d has no exponent", (value, text) => {
    expect(plain(value)).toBe(text);
  });
});
