import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { makeDir } from "../process/support.ts";

/** What a tracer does, with the log of errors, which is told at the end. */
const HEAD = `
import { AsyncLocalStorage } from "node:async_hooks";
import { channel } from "node:diagnostics_channel";
import { createHub } from "@elpis/core";
import { errorLog, provideActiveTrace } from "@elpis/telemetry";
const traces = new AsyncLocalStorage();
provideActiveTrace(() => traces.getStore());
const within = (id, work) => traces.run({ traceId: id.repeat(32), spanId: id.repeat(16), sampled: false }, work);
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const hub = await createHub({ name: "traced", listen: false });
const log = errorLog(hub.client);
process.on("exit", () => process._rawDebug("RECORDS " + JSON.stringify(
  log.report.records.map(({ origin, message, traceId }) => [origin, message, (traceId ?? "-")[0]]))));
`;

const CASES: readonly [string, string, unknown[]][] = [
  [
    "printed, logged and recorded errors, each in its own",
    `const work = async (id) => {
       console.error("printed %s", id);
       await later(5);
       channel("elpis.log").publish({ level: "error", message: "logged " + id });
       await later(5);
       log.record(new Error("recorded " + id));
       log.record(new Error("told " + id), { traceId: "f".repeat(32) });
     };
     await Promise.all([within("a", () => work("a")), within("b", () => work("b"))]);
     console.error("printed outside"); process.exit(0);`,
    [
      ["console", "printed a", "a"],
      ["console", "printed b", "b"],
      ["log", "logged a", "a"],
      ["log", "logged b", "b"],
      ["recorded", "recorded a", "a"],
      ["recorded", "told a", "f"],
      ["recorded", "recorded b", "b"],
      ["recorded", "told b", "f"],
      ["console", "printed outside", "-"],
    ],
  ],
  [
    "a rejection that ends the process",
    `within("a", async () => { await later(5); throw new Error("boom"); });`,
    [["unhandledRejection", "boom", "a"]],
  ],
  [
    "a rejection without an error",
    `within("a", async () => { await later(5); throw "boom"; });`,
    [["unhandledRejection", "boom", "a"]],
  ],
  [
    "rejections that somebody hears, many in one turn",
    `process.on("unhandledRejection", () => {});
     for (const id of ["a", "b"]) within(id, () => void Promise.reject(new Error("boom " + id)));
     void Promise.reject(new Error("boom outside"));
     setTimeout(() => process.exit(0), 50);`,
    [
      ["unhandledRejection", "boom a", "a"],
      ["unhandledRejection", "boom b", "b"],
      ["unhandledRejection", "boom outside", "-"],
    ],
  ],
  [
    "an uncaught error of a callback",
    `within("a", () => setTimeout(() => { throw new Error("boom"); }, 5));`,
    [["uncaughtException", "boom", "a"]],
  ],
  [
    "an uncaught error behind a wait",
    `within("a", async () => { await later(5); setImmediate(() => { throw new Error("boom"); }); });`,
    [["uncaughtException", "boom", "a"]],
  ],
];

/** What a program has recorded until it ended. */
function recordsOf(program: string, ...flags: string[]): unknown[] {
  const dir = makeDir({});
  writeFileSync(`${dir}/main.mjs`, `${HEAD}\n${program}`);
  const { stderr } = spawnSync(process.execPath, [...flags, `${dir}/main.mjs`], {
    encoding: "utf8",
    env: { ...process.env, ELPIS_HOME: `${dir}/home` },
  });
  const [, found] = /^RECORDS (.*)$/m.exec(stderr) ?? [];
  if (found === undefined) throw new Error(stderr);
  return JSON.parse(found);
}

it.each(CASES)("the trace is known of %s", (_, program, records) => {
  expect(recordsOf(program)).toEqual(records);
});

it("the trace is known of rejections that Node only warns of", () => {
  const program = `
    for (const id of ["a", "b"]) within(id, () => void Promise.reject(new Error("boom " + id)));
    void Promise.reject(new Error("boom outside"));
    setTimeout(() => process.exit(0), 50);`;
  // The warnings themselves are printed as errors.
  const rejections = recordsOf(program, "--unhandled-rejections=warn").filter((record) => {
    return (record as unknown[])[0] === "unhandledRejection";
  });
  expect(rejections).toEqual([
    ["unhandledRejection", "boom a", "a"],
    ["unhandledRejection", "boom b", "b"],
    ["unhandledRejection", "boom outside", "-"],
  ]);
});

/** Node is out of it by then, some versions of it at least. */
const LEFT: readonly [string, string][] = [
  [
    "is thrown through the end of its trace",
    `setTimeout(() => within("a", () => { throw new Error("boom"); }), 5);`,
  ],
  [
    "is thrown in a microtask",
    `within("a", () => queueMicrotask(() => { throw new Error("boom"); }));`,
  ],
];

it.each(LEFT)("of an error that %s, it is known or left out", (_, program) => {
  const others = `within("b", () => setTimeout(() => {}, 5));`;
  const [none, own] = ["-", "a"].map((id) => [["uncaughtException", "boom", id]]);
  expect([none, own]).toContainEqual(recordsOf(others + program));
});
