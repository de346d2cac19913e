import type { Problems } from "./problems.ts";

/** What the start order depends on. */
export interface Ordered {
  readonly name: string;
  /** undefined: not given. */
  readonly order: number | undefined;
  readonly dependsOn: readonly string[];
}

/** An item together with the order that it ends up with. */
export interface Placed<Item> {
  readonly item: Item;
  readonly order: number;
}

/**
 * Sorts by order ascending, then dependencies first, then as declared. An item without an order takes the highest of
 * what it depends on, so that `dependsOn` alone is enough. Cycles and contradictions are noted as problems.
 */
export function startOrder<Item extends Ordered>(
  items: readonly Item[],
  problems: Problems,
): Placed<Item>[] {
  const byName = new Map(items.map((item) => [item.name, item]));
  const orders = new Map<string, number>();
  const placed: Placed<Item>[] = [];
  const visit = (item: Item, path: readonly string[]): number => {
    const known = orders.get(item.name);
    if (known !== undefined) return known;
    if (path.includes(item.name)) {
      const circle = [...path.slice(path.indexOf(item.name)), item.name];
      problems.add(`processes.${item.name}.dependsOn`, `goes in a circle: ${circle.join(" -> ")}`);
      return 0;
    }
    const before = item.dependsOn.flatMap((name) => byName.get(name) ?? []);
    const orderOf = before.map((other) => visit(other, [...path, item.name]));
    const order = item.order ?? Math.max(0, ...orderOf);
    before.forEach((other, at) => {
      noteContradiction(item, order, other, orderOf[at] ?? 0, problems);
    });
    // A member of a circle is reached twice.
    if (!orders.has(item.name)) placed.push({ item, order });
    orders.set(item.name, order);
    return order;
  };
  for (const item of items) visit(item, []);
  return placed.sort((a, b) => a.order - b.order);
}

function noteContradiction(
  item: Ordered,
  order: number,
  other: Ordered,
  otherOrder: number,
  problems: Problems,
): void {
  if (otherOrder <= order) return;
  problems.add(
    `processes.${item.name}.order`,
    `is ${order}, but it depends on ${other.name}, which starts later with order ${otherOrder}`,
  );
}
