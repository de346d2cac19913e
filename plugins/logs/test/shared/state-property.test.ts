import { seeded } from "@elpis/testing";
import { expect, it } from "vitest";
import type { SharedPolicy } from "../../src/shared/policy.ts";
import { World } from "./world.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 1500);
const STEPS = 250;

function policy(mode: "rename" | "truncate"): SharedPolicy {
  return { policy: { mode, compress: true, keep: {} } };
}

it.each(["rename", "truncate"] as const)(
  "with %s, no line is lost, whoever joins, freezes, dies or answers late",
  (mode) => {
    let rotations = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      const world = new World(seeded(seed), policy(mode));
      for (let step = 0; step < STEPS; step++) world.step();
      world.settle();
      const kept = world.files.flatMap(({ lines }) => lines).sort((a, b) => a - b);
      const seen = { wrong: world.wrong, kept, unsealed: world.unsealed };
      const all = [...world.written].sort((a, b) => a - b);
      expect(seen, `seed ${seed}`).toEqual({ wrong: [], kept: all, unsealed: 0 });
      rotations += world.rotations;
    }
    expect(rotations).toBeGreaterThan(RUNS / 10);
  },
);
