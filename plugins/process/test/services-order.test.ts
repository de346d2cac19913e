import { describe, expect, it } from "vitest";
import { type Dependent, findCircle, startOrder } from "../src/services/order.ts";
import { seededRandom } from "./support.ts";

function service(name: string, ...dependsOn: string[]): Dependent {
  return { name, dependsOn };
}
const names = (services: readonly Dependent[]): string[] =>
  startOrder(services).map((one) => one.name);

describe("the order in which services start", () => {
  it("has each behind what it needs", () => {
    const services = [service("a", "b", "c"), service("b", "c"), service("c", "d"), service("d")];
    expect(names(services)).toEqual(["d", "c", "b", "a"]);
  });

  it("is that of the declaration where nothing else says so", () => {
    expect(names([service("b"), service("a"), service("c", "elsewhere")])).toEqual(["b", "a", "c"]);
  });

  it("has those that need all at the end, and behind them those that need these", () => {
    const services = [
      service("last", "all"),
      service("behind", "last"),
      service("a", "z"),
      service("z"),
    ];
    expect(names(services)).toEqual(["z", "a", "last", "behind"]);
  });

  it("names a circle", () => {
    expect(
      findCircle([service("x", "a"), service("a", "b"), service("b", "c"), service("c", "a")]),
    ).toEqual(["a", "b", "c", "a"]);
    expect(findCircle([service("me", "me")])).toEqual(["me", "me"]);
    expect(findCircle([service("a", "all"), service("b", "a")])).toBeUndefined();
  });

  it("holds for random services", () => {
    const runs = Number(process.env.ELPIS_PROPERTY_RUNS ?? 2000);
    for (let seed = 0; seed < runs; seed += 1) {
      const random = seededRandom(seed);
      const services = Array.from({ length: 1 + Math.floor(random() * 9) }, (_, at) => {
        const all = Array.from({ length: 9 }, (__, other) => `s${other}`);
        const wanted = all.filter((__, other) => other !== at && random() < 0.15);
        return service(`s${at}`, ...wanted, ...(random() < 0.1 ? ["all"] : []));
      });
      const circle = findCircle(services);
      const order = names(services);
      expect([...order].sort(), `seed ${seed}`).toEqual(services.map((one) => one.name).sort());
      if (circle === undefined) checkOrder(services, order, seed);
      else checkCircle(services, circle, seed);
    }
  });
});

function checkOrder(services: readonly Dependent[], order: readonly string[], seed: number): void {
  for (const { name, dependsOn } of services) {
    for (const other of dependsOn.filter((one) => order.includes(one))) {
      expect(order.indexOf(other), `seed ${seed}`).toBeLessThan(order.indexOf(name));
    }
  }
  const late = order.filter((name) => needsAll(services, name));
  expect(order.slice(order.length - late.length), `seed ${seed}`).toEqual(late);
}

function needsAll(services: readonly Dependent[], name: string): boolean {
  const { dependsOn = [] } = services.find((one) => one.name === name) ?? {};
  return dependsOn.includes("all") || dependsOn.some((other) => needsAll(services, other));
}

function checkCircle(
  services: readonly Dependent[],
  circle: readonly string[],
  seed: number,
): void {
  expect(circle[0], `seed ${seed}`).toBe(circle.at(-1));
  for (const [at, name] of circle.slice(0, -1).entries()) {
    const { dependsOn = [] } = services.find((one) => one.name === name) ?? {};
    expect(dependsOn, `seed ${seed}`).toContain(circle[at + 1]);
  }
}
