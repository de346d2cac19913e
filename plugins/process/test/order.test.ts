import { describe, expect, it } from "vitest";
import { startOrder } from "../src/config/order.ts";
import { Problems } from "../src/config/problems.ts";
import { failure, seededRandom } from "./support.ts";

interface Item {
  readonly name: string;
  readonly order: number | undefined;
  readonly dependsOn: readonly string[];
}

const item = (name: string, order?: number, ...dependsOn: string[]): Item => ({
  name,
  order,
  dependsOn,
});

function sort(...items: Item[]): string[] {
  const problems = new Problems();
  const placed = startOrder(items, problems);
  problems.throwIfAny("test");
  return placed.map((one) => one.item.name);
}

describe("the start order", () => {
  it("is as declared when nothing else is said", () => {
    expect(sort(item("c"), item("a"), item("b"))).toEqual(["c", "a", "b"]);
  });

  it("goes by order, also by 0 and below", () => {
    expect(sort(item("c", 1), item("a", 0), item("b", -1), item("d", 1))).toEqual([
      "b",
      "a",
      "c",
      "d",
    ]);
  });

  it("puts dependencies first, through several steps", () => {
    expect(sort(item("a", undefined, "b"), item("b", undefined, "c"), item("c"))).toEqual([
      ...["c", "b", "a"],
    ]);
  });

  it("lets dependsOn alone be enough when only the other has an order", () => {
    expect(sort(item("jobs", undefined, "web"), item("web", 5), item("z", 1))).toEqual([
      ...["z", "web", "jobs"],
    ]);
  });

  it("refuses a circle and names it", async () => {
    const error = await failure(() =>
      sort(item("a", undefined, "b"), item("b", undefined, "c"), item("c", undefined, "b")),
    );
    expect(error.message).toContain("goes in a circle: b -> c -> b");
  });

  it("refuses an order that contradicts a dependency", async () => {
    const error = await failure(() => sort(item("a", 1, "b"), item("b", 2)));
    expect(error.message).toContain(
      "processes.a.order: is 1, but it depends on b, which starts later with order 2",
    );
  });

  it("keeps every promise for random graphs without circles", () => {
    for (let seed = 1; seed <= 2000; seed += 1) {
      const random = seededRandom(seed);
      const count = 1 + Math.floor(random() * 8);
      const items = Array.from({ length: count }, (_, at) => {
        const earlier = Array.from({ length: at }, (_unused, one) => `p${one}`);
        return item(`p${at}`, undefined, ...earlier.filter(() => random() < 0.3));
      });
      const shuffled = [...items].sort(() => random() - 0.5);
      const sorted = sort(...shuffled);
      expect([...sorted].sort()).toEqual(items.map(({ name }) => name).sort());
      for (const { name, dependsOn } of items) {
        for (const other of dependsOn) {
          expect(sorted.indexOf(other), `seed ${seed}`).toBeLessThan(sorted.indexOf(name));
        }
      }
    }
  });
});
