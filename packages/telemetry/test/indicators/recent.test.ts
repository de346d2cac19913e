import { seeded } from "@elpis/testing";
import { expect, it } from "vitest";
import { page, RecentLog, readPageQuery } from "../../src/index.ts";

const filled = (capacity: number, count: number): RecentLog<{ time: number }> => {
  const log = new RecentLog<{ time: number }>(capacity);
  for (let time = 1; time <= count; time += 1) log.add({ time });
  return log;
};
const times = (items: readonly { time: number }[]): number[] => items.map(({ time }) => time);

it("keeps the newest, and counts all", () => {
  const log = filled(3, 5);
  expect(times(log.all())).toEqual([3, 4, 5]);
  expect([log.size, log.total]).toEqual([3, 5]);
});

it("gives them by size and by time, newest or oldest first", () => {
  const log = filled(10, 5);
  expect(times(log.query())).toEqual([5, 4, 3, 2, 1]);
  expect(times(log.query({ by: "size", value: 2 }))).toEqual([5, 4]);
  expect(times(log.query({ by: "size", value: 2, order: "asc" }))).toEqual([4, 5]);
  expect(times(log.query({ by: "time", value: 3 }))).toEqual([5, 4, 3]);
  expect(times(log.query({ by: "time", value: 3, order: "asc" }))).toEqual([3, 4, 5]);
  expect(log.query({ by: "size", value: 0 })).toEqual([]);
});

it("pages", () => {
  const items = filled(10, 10).all();
  const query = readPageQuery({ offset: "2", limit: "3", order: "ASC" });
  expect(page(items, query)).toEqual({
    count: 10,
    offset: 2,
    limit: 3,
    items: [{ time: 3 }, { time: 4 }, { time: 5 }],
  });
});

it.each([
  [{ by: "name" }, /by/],
  [{ order: "up" }, /order/],
  [{ value: "-1" }, /value/],
  [{ value: "" }, /value/],
  [{ offset: "1.5" }, /offset/],
  [{ limit: "10001" }, /limit/],
])("refuses %j", (query, message) => {
  expect(() => readPageQuery(query)).toThrow(message);
});

it("is the end of what came, whatever its size", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = seeded(seed);
    const [capacity, count] = [1 + random.int(20), random.int(60)];
    const all = Array.from({ length: count }, (_, at) => at + 1);
    expect(times(filled(capacity, count).all()), `seed ${seed}`).toEqual(all.slice(-capacity));
  }
});
