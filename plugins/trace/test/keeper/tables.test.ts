import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOWHERE, SpanIndex } from "../../src/keeper/span-index.ts";
import { TraceTable } from "../../src/keeper/trace-table.ts";
import { TraceId } from "../../src/wire/ids.ts";

/** Few of them, so that the same ones come again. */
const half = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1));
const many = fc.oneof(half, fc.integer({ min: 0, max: 300 }));
const step = fc.record({ isAdded: fc.boolean(), high: half, low: many });
const steps = fc.array(step, { maxLength: 600, size: "max" });

describe("an index of spans", () => {
  it("is what a map would be", () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const index = new SpanIndex();
        const map = new Map<string, number>();
        for (const [slot, { isAdded, high, low }] of steps.entries()) {
          const key = `${high} ${low}`;
          expect(index.find(high, low)).toBe(map.get(key) ?? NOWHERE);
          if (isAdded) {
            index.set(high, low, slot);
            map.set(key, slot);
          } else {
            index.delete(high, low);
            map.delete(key);
          }
        }
        for (const { high, low } of steps) {
          expect(index.find(high, low)).toBe(map.get(`${high} ${low}`) ?? NOWHERE);
        }
      }),
    );
  });

  it("has all of many", () => {
    const index = new SpanIndex();
    for (let one = 0; one < 5000; one++) index.set(one % 7, one, one);
    for (let one = 0; one < 5000; one += 2) index.delete(one % 7, one);
    for (let one = 0; one < 5000; one++) {
      expect(index.find(one % 7, one)).toBe(one % 2 === 0 ? NOWHERE : one);
    }
  });
});

describe("a table of traces", () => {
  const itemOf = (id: TraceId): { readonly trace: { readonly id: TraceId } } => ({ trace: { id } });

  it("is what a map would be", () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const table = new TraceTable();
        const map = new Map<string, ReturnType<typeof itemOf>>();
        // Those whose ends are the same are others all the same.
        const idOf = ({ high, low }: (typeof steps)[0]): TraceId =>
          new TraceId(high, 0, low % 3, low);
        for (const one of steps) {
          const id = idOf(one);
          const known = map.get(id.text);
          expect(table.get(id)).toBe(known);
          if (one.isAdded) {
            const item = itemOf(id);
            table.set(item);
            map.set(id.text, item);
            if (known !== undefined) expect(table.delete(known), "it is another").toBe(false);
          } else {
            expect(table.delete(known ?? itemOf(id))).toBe(known !== undefined);
            map.delete(id.text);
          }
          expect(table.size).toBe(map.size);
        }
        for (const one of steps) expect(table.get(idOf(one))).toBe(map.get(idOf(one).text));
      }),
    );
  });

  it("becomes larger and smaller, and has all that it should", () => {
    const table = new TraceTable();
    const items = Array.from({ length: 20_000 }, (_, at) => itemOf(new TraceId(0, 0, 0, at)));
    for (const item of items) table.set(item);
    for (const item of items) expect(table.get(item.trace.id)).toBe(item);
    for (const item of items.slice(10)) expect(table.delete(item)).toBe(true);
    expect(table.size).toBe(10);
    for (const [at, item] of items.entries()) {
      expect(table.get(item.trace.id)).toBe(at < 10 ? item : undefined);
    }
  });
});
