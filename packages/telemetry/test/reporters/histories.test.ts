import { type Point, Reject, RetryLater, TooLarge } from "@elpis/api";
import { seeded } from "@elpis/testing";
import { expect, it } from "vitest";
import { settled } from "../support/fake-timers.ts";
import { Backend, counter, world } from "./support.ts";

const reset = Object.assign(new Error("read"), { code: "ECONNRESET" });
const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });

it("whatever backends do, every item is accounted for, in order, and nobody waits for the other", async () => {
  let drops = 0;
  for (let seed = 1; seed <= 400; seed += 1) {
    const random = seeded(seed);
    const one = world(() => random.next());
    const [sick, well] = [new Backend(), new Backend()];
    const temporality = random.pick(["cumulative", "delta"] as const);
    const timeout = random.pick([300, 5000]);
    let isWell = false;
    let given = 0;
    const inside: (() => void)[] = [];
    sick.answer = async ({ points }) => {
      if (isWell) return undefined;
      switch (random.int(9)) {
        case 0:
          throw new RetryLater(random.pick([undefined, 0, 700, 4000]));
        case 1:
          throw new TooLarge();
        case 2:
          throw new Reject("no");
        case 3:
          throw reset;
        case 4:
          throw refused;
        case 5:
          return { rejected: random.int(points.length + 3) };
        case 6:
          await new Promise<void>((resolve) => inside.push(resolve));
          throw new RetryLater();
        default:
          return undefined;
      }
    };
    const wants = { temporality, maxItems: 1 + random.int(8) };
    const queue = { items: 5 + random.int(60) };
    one.add(sick, wants, { name: "sick", timeout, queue });
    one.add(well, {}, { name: "well" });
    await settled();
    const more = temporality === "delta" ? ({ temporality } as never) : {};
    const some = (count: number): Point[] =>
      Array.from({ length: count }, (_, at) => counter(`${given + at}`, 1, more));
    one.read = (reader) => {
      const points = some(random.int(12));
      if (reader === 0) given += points.length;
      return points;
    };
    for (let step = 0; step < 40; step += 1) {
      if (random.int(4) === 0) for (const back of inside.splice(0)) back();
      if (random.int(10) === 0) {
        one.host.take({ points: some(1) });
        given += 1;
      }
      await settled();
      // At any time, not only when all is over.
      const [now] = one.host.status();
      const all = now && now.sent + now.rejected + now.dropped + now.queued.items;
      expect(all, `seed ${seed}`).toBe(given);
      await one.timers.advance(random.int(900));
    }
    isWell = true;
    for (const back of inside.splice(0)) back();
    await one.intervals(6);
    const [status] = one.host.status();
    expect(status?.state, `seed ${seed}`).toBe("ok");
    const { sent = 0, rejected = 0, dropped = 0, queued } = status ?? {};
    expect(sent + rejected + dropped + (queued?.items ?? 0), `seed ${seed}`).toBe(given);
    drops += dropped;
    // None was taken twice, and what was taken is in order.
    const ids = sick.taken.map(({ id }) => id);
    expect(new Set(ids).size, `seed ${seed}`).toBe(ids.length);
    const names = sick.names.map(Number);
    expect(names, `seed ${seed}`).toEqual([...names].sort((a, b) => a - b));
    expect(one.host.status()[1]?.lagMs, `seed ${seed}`).toBe(0);
  }
  expect(drops).toBeGreaterThan(0);
});
