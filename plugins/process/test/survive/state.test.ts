import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { parseState, type SavedState } from "../../src/survive/state.ts";
import { findState, putAside, readState, stateFile } from "../../src/survive/state-file.ts";
import { StateKeeper } from "../../src/survive/state-keeper.ts";
import { appOf, SILENT, stateOf, tempDir, unitOf } from "./support.ts";

const STATE = stateOf(appOf({ web: { command: ["./w.js"] } }), [unitOf("web", 0)]);

describe("a state", () => {
  it("is read as it was written", () => {
    expect(parseState(JSON.stringify(STATE))).toEqual(STATE);
  });

  it.each([
    ["half of one", JSON.stringify(STATE).slice(0, -20)],
    ["nothing", ""],
    ["another form", JSON.stringify({ ...STATE, format: 2 })],
    ["no version in force", JSON.stringify({ ...STATE, version: 9 })],
    [
      "a pid that means everybody",
      JSON.stringify({ ...STATE, units: [unitOf("web", 0, { pid: -1 })] }),
    ],
    ["the first process", JSON.stringify({ ...STATE, units: [unitOf("web", 0, { pid: 1 })] })],
    [
      "a token that is none",
      JSON.stringify({ ...STATE, units: [{ ...unitOf("web", 0), token: 5 }] }),
    ],
    ["a list", "[]"],
    ["null", "null"],
  ])("is none when it is %s", (_, text) => {
    expect(parseState(text)).toBeUndefined();
  });

  it("is put aside when it is damaged", () => {
    const dir = tempDir();
    expect(findState(dir)).toBeUndefined();
    writeFileSync(stateFile(dir), "{");
    expect(findState(dir)).toBe("damaged");
    expect(readFileSync(putAside(dir), "utf8")).toBe("{");
    expect(findState(dir)).toBeUndefined();
  });
});

describe("a keeper", () => {
  const keep = (dir: string) => {
    const kept = { state: STATE, written: [] as (readonly number[])[] };
    const keeper = new StateKeeper({
      dir,
      log: SILENT,
      snapshot: (): SavedState => kept.state,
      onWritten: (pids) => kept.written.push(pids),
    });
    return { keeper, kept };
  };

  it("writes the latest once per turn, for its user only, and nothing that has not changed", async () => {
    const dir = tempDir();
    const { keeper, kept } = keep(dir);
    keeper.touch();
    kept.state = { ...STATE, startedAt: 5 };
    keeper.touch();
    await nextTurn();
    expect(readState(dir)).toEqual(kept.state);
    expect(kept.written).toEqual([[1000]]);
    expect(statSync(stateFile(dir)).mode & 0o777).toBe(0o600);
    keeper.touch();
    await nextTurn();
    expect(kept.written).toHaveLength(1);
    expect(readdirSync(dir)).toEqual(["state.json"]);
    keeper.remove();
    keeper.touch();
    await nextTurn();
    expect(readdirSync(dir)).toEqual([]);
  });

  it("says of nobody that it stands in a file that could not be written", () => {
    const { keeper, kept } = keep("/nowhere/at/all");
    keeper.write();
    expect(kept.written).toEqual([]);
  });
});
