import { describe, expect, it } from "vitest";
import { VersionBook } from "../../src/operations/versions.ts";
import { planAdoption } from "../../src/survive/plan.ts";
import type { SavedUnit } from "../../src/survive/state.ts";
import { appOf, slotOf, stateOf, unitOf } from "./support.ts";

const ALL = (): boolean => true;
const names = (units: readonly SavedUnit[]): string[] =>
  units.map(({ name, index }) => `${name}.${index}`);

describe("who is taken over", () => {
  it("is who lives in its place; who has died is not, and who has none is ended", () => {
    const app = appOf({ web: { command: ["./w.js"], scale: 3 }, old: { command: ["./o.js"] } });
    const wanted = appOf({
      web: { command: ["./w.js"], scale: 3 },
      fresh: { command: ["./f.js"] },
    });
    const units = [unitOf("web", 0), unitOf("web", 1), unitOf("web", 2), unitOf("old", 0)];
    const plan = planAdoption(stateOf(app, units), wanted, ({ index }) => index !== 1);
    expect(names(plan.adopt.map(({ unit }) => unit))).toEqual(["web.0", "web.2"]);
    expect(names(plan.end)).toEqual(["old.0"]);
    expect(plan.app.processes.map(({ name }) => name)).toEqual(["web", "fresh"]);
  });

  it("is nobody who was leaving, was to come, or was being stopped, and of two with one place the first", () => {
    const app = appOf({ web: { command: ["./w.js"], scale: 2 } });
    const units = [
      unitOf("web", 0, { place: "leaving" }),
      unitOf("web", 0, { place: "successor" }),
      unitOf("web", 0),
      unitOf("web", 0, { pid: 5 }),
      unitOf("web", 1, { state: "stopping" }),
    ];
    const plan = planAdoption(stateOf(app, units), app, ALL);
    expect(plan.adopt.map(({ unit }) => unit)).toEqual([units[2]]);
    expect(plan.end).toHaveLength(4);
  });

  it("is nobody when the application does not survive its master any more", () => {
    const app = appOf({ web: { command: ["./w.js"] } });
    const plan = planAdoption(
      stateOf(app, [unitOf("web", 0)]),
      appOf({ web: { command: ["./w.js"] } }, false),
      ALL,
    );
    expect([plan.adopt.length, plan.end.length]).toEqual([0, 1]);
  });
});

describe("how many there are", () => {
  const saved = (said: number, had: number): ReturnType<typeof stateOf> => {
    const state = stateOf(appOf({ web: { command: ["./w.js"], scale: said } }), []);
    const [slots, units] = [[], []] as [ReturnType<typeof slotOf>[], SavedUnit[]];
    for (let at = 0; at < had; at += 1) {
      slots.push(slotOf("web", at));
      units.push(unitOf("web", at));
    }
    return { ...state, slots, units };
  };

  it("is what somebody had scaled to, unless the configuration has changed since", () => {
    const wanted = (scale: number) => appOf({ web: { command: ["./w.js"], scale } });
    const kept = planAdoption(saved(2, 4), wanted(2), ALL);
    expect(kept.scale.get("web")).toBe(4);
    expect(kept.adopt).toHaveLength(4);
    const changed = planAdoption(saved(2, 4), wanted(3), ALL);
    expect(changed.scale.get("web")).toBe(3);
    expect(names(changed.end)).toEqual(["web.3"]);
  });
});

describe("what runs keeps its definition", () => {
  const before = appOf({
    web: { command: ["./w.js"], env: { A: "1" } },
    idle: { command: ["./i.js"] },
  });
  const after = appOf({
    web: { command: ["./w.js"], env: { A: "2" } },
    idle: { command: ["./i2.js"] },
  });

  it("and the change of the rest is named", () => {
    const plan = planAdoption(stateOf(before, [unitOf("web", 0)]), after, ALL);
    expect(plan.app.processes.map(({ env, command }) => [env, command])).toEqual([
      [{ A: "1" }, ["./w.js"]],
      [{}, ["./i2.js"]],
    ]);
    expect(plan.changed).toEqual(["web"]);
  });

  it("and the book goes on with the same number when it says the same, else with a new one", () => {
    const state = stateOf(before, []);
    const same = VersionBook.restore(state, before, 1);
    expect([same.current.version, same.current.good]).toEqual([1, true]);
    const other = VersionBook.restore(state, after, 1);
    expect([other.current.version, other.previous?.version]).toEqual([2, 1]);
    expect(JSON.parse(JSON.stringify(other.save()))).toMatchObject({ version: 2, nextVersion: 3 });
    expect(VersionBook.restore(other.save(), after, 2).current.version).toBe(2);
  });
});
