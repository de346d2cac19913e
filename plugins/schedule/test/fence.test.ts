import { describe, expect, it } from "vitest";
import { createFence } from "../src/index.ts";
import { Lease, leaseMarginMs } from "../src/machine/lease.ts";

describe("a fence", () => {
  const stale = expect.objectContaining({ code: "ELPIS_SCHEDULE_FENCED" });

  it("lets through whose token is not lower than those before, for each key", () => {
    const fence = createFence();
    fence.check("a", 5);
    fence.check("a", 5);
    fence.check("a", 7);
    expect(() => fence.check("a", 6)).toThrow(stale);
    fence.check("b", 1);
    expect(() => fence.check("a", Number.NaN)).toThrow(stale);
  });

  it("forgets the oldest keys, and then lets nobody through whom it might have refused", () => {
    const fence = createFence({ maxKeys: 2 });
    fence.check("a", 5);
    fence.check("b", 6);
    fence.check("a", 7);
    fence.check("c", 8);
    // "b" is forgotten: what was lower than its token is refused wherever nothing is known.
    expect(() => fence.check("b", 5)).toThrow(stale);
    fence.check("b", 6);
    expect(() => fence.check("new", 6)).toThrow(stale);
    fence.check("new", 7);
  });
});

describe("a lease, as its holder sees it", () => {
  it("ends before the other side may think so, and does not begin again", () => {
    const lease = new Lease(1000, 100);
    expect(lease.endMs).toBe(1100 - leaseMarginMs(1000));
    expect(lease.isOver(999)).toBe(false);
    lease.granted(500, 999);
    expect(lease.endMs).toBe(1400);
    expect(lease.isOver(1400)).toBe(true);
    lease.granted(1399, 1400);
    expect(lease.isOver(1400)).toBe(true);
    // An answer that was overtaken takes nothing away.
    const other = new Lease(1000, 0);
    other.granted(500, 600);
    other.granted(300, 650);
    expect(other.endMs).toBe(1400);
  });
});
