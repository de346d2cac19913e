import { describe, expect, it } from "vitest";
import { type Candidate, createBalancer, type HandedPolicy } from "../src/ports/balance.ts";
import { seededRandom } from "./support.ts";

function candidate(index: number, more: Partial<Candidate> = {}): Candidate {
  return { index, age: index + 1, load: 0, lastTurn: 0, ...more };
}

function indexes(count: number): Candidate[] {
  return Array.from({ length: count }, (_, index) => candidate(index));
}

const CLIENTS = Array.from({ length: 2000 }, (_, n) => `10.${n >> 8}.${n & 255}.7`);

/** Which index each client gets. */
function homes(candidates: readonly Candidate[]): Map<string, number> {
  const { choose } = createBalancer({ kind: "sticky" });
  return new Map(CLIENTS.map((client) => [client, choose(candidates, client).index]));
}

describe("every policy", () => {
  it("chooses one of those that it is asked about", () => {
    const random = seededRandom(1);
    const policies: HandedPolicy[] = [
      { kind: "round-robin" },
      { kind: "least-connections" },
      { kind: "sticky" },
      { kind: "weighted", weights: [3, 0, 1] },
    ];
    for (const policy of policies) {
      const balancer = createBalancer(policy);
      for (let turn = 0; turn < 200; turn += 1) {
        const asked = indexes(8).filter(() => random() < 0.4);
        if (asked.length === 0) continue;
        expect(asked).toContain(balancer.choose(asked, String(random())));
      }
    }
  });
});

describe("round robin", () => {
  it("asks whoever has waited longest, a newcomer once", () => {
    const { choose, patience } = createBalancer({ kind: "round-robin" });
    const all = [
      candidate(0, { lastTurn: 7 }),
      candidate(1, { lastTurn: 5 }),
      candidate(2, { lastTurn: 6 }),
    ];
    expect(choose(all, "").index).toBe(1);
    expect(choose([...all, candidate(3)], "").index).toBe(3);
    expect(patience).toBe(0);
  });
});

describe("least connections", () => {
  it("never picks one that has more than another", () => {
    const random = seededRandom(2);
    const { choose } = createBalancer({ kind: "least-connections" });
    for (let turn = 0; turn < 300; turn += 1) {
      const all = indexes(1 + Math.floor(random() * 8)).map((one) => ({
        ...one,
        load: Math.floor(random() * 5),
        lastTurn: Math.floor(random() * 100),
      }));
      const chosen = choose(all, "");
      const least = all.filter(({ load }) => load === Math.min(...all.map((one) => one.load)));
      expect(least).toContain(chosen);
      expect(chosen.lastTurn).toBe(Math.min(...least.map((one) => one.lastTurn)));
    }
  });
});

describe("weights", () => {
  it("are kept exactly over each round, and spread within it", () => {
    const random = seededRandom(3);
    for (let run = 0; run < 50; run += 1) {
      const all = indexes(1 + Math.floor(random() * 6));
      const weights = all.map(() => 1 + Math.floor(random() * 9));
      const balancer = createBalancer({ kind: "weighted", weights });
      const total = weights.reduce((sum, weight) => sum + weight);
      const got = all.map(() => 0);
      for (let turn = 1; turn <= total * 3; turn += 1) {
        const { index } = balancer.choose(all, "");
        got[index] = (got[index] as number) + 1;
        for (const [at, count] of got.entries()) {
          const due = (turn * (weights[at] as number)) / total;
          // Nobody is ever ahead or behind by as much as there are others.
          if (Math.abs(count - due) >= all.length) throw new Error(`${count} instead of ${due}`);
        }
        if (turn % total === 0)
          expect(got).toEqual(weights.map((weight) => (weight * turn) / total));
      }
    }
  });

  it("use the last one for all others, and none with 0 while there is another", () => {
    const balancer = createBalancer({ kind: "weighted", weights: [2, 1] });
    const got = Array.from({ length: 400 }, () => balancer.choose(indexes(3), "").index);
    expect([0, 1, 2].map((index) => got.filter((one) => one === index).length)).toEqual([
      ...[200, 100, 100],
    ]);
    const off = createBalancer({ kind: "weighted", weights: [0, 1] });
    for (let turn = 0; turn < 10; turn += 1) expect(off.choose(indexes(2), "").index).toBe(1);
    expect(off.choose([candidate(0)], "").index).toBe(0);
  });

  it("mean the newest of two with one index, once", () => {
    const balancer = createBalancer({ kind: "weighted", weights: [1, 1] });
    const both = [candidate(0, { age: 1 }), candidate(0, { age: 9 }), candidate(1)];
    const got = Array.from({ length: 100 }, () => balancer.choose(both, ""));
    expect(got.filter(({ index }) => index === 0).every(({ age }) => age === 9)).toBe(true);
    expect(got.filter(({ index }) => index === 0)).toHaveLength(50);
  });
});

describe("stickiness", () => {
  it("gives each index its share of clients", () => {
    const got = [...homes(indexes(5)).values()];
    for (let index = 0; index < 5; index += 1) {
      const share = got.filter((one) => one === index).length / got.length;
      expect(share).toBeGreaterThan(0.17);
      expect(share).toBeLessThan(0.23);
    }
  });

  it("moves only the clients of an index that goes, and only to one that comes", () => {
    for (let count = 2; count <= 9; count += 1) {
      const before = homes(indexes(count));
      const after = homes(indexes(count).filter(({ index }) => index !== 1));
      const larger = homes(indexes(count + 1));
      let moved = 0;
      for (const [client, home] of before) {
        if (home !== 1 && after.get(client) !== home) throw new Error(`${client} has moved`);
        if (larger.get(client) === home) continue;
        expect(larger.get(client)).toBe(count);
        moved += 1;
      }
      expect(moved / CLIENTS.length).toBeLessThan(1.2 / (count + 1));
    }
  });

  it("gives a replacement the clients of its predecessor, also while both are there", () => {
    const both = [...indexes(3), candidate(1, { age: 10 })];
    const { choose } = createBalancer({ kind: "sticky" });
    for (const [client, home] of homes(indexes(3))) {
      const chosen = choose(both, client);
      expect(chosen.index).toBe(home);
      if (home === 1) expect(chosen.age).toBe(10);
    }
  });
});
