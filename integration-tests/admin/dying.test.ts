import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { makeDir } from "../process/support.ts";

const PLAIN = "const log = undefined;";
/** The same program, watched. */
const WATCHED = `
import { createHub } from "@elpis/core";
import { errorLog } from "@elpis/telemetry";
const hub = await createHub({ name: "dying", listen: false });
const log = errorLog(hub.client);
process.on("exit", () => process._rawDebug("RECORDS " + JSON.stringify(log.report.records.map(({ origin, message }) => [origin, message]))));
`;

const ENDS: readonly [string, string, unknown[]][] = [
  [
    "throws",
    "setTimeout(() => { throw new TypeError('boom'); }, 10);",
    [["uncaughtException", "boom"]],
  ],
  ["throws a text", "setTimeout(() => { throw 'boom'; }, 10);", [["uncaughtException", "boom"]]],
  [
    "rejects",
    "setTimeout(() => void Promise.reject(new Error('boom')), 10);",
    [["unhandledRejection", "boom"]],
  ],
  [
    "rejects with a text",
    "setTimeout(() => void Promise.reject('boom'), 10);",
    [["unhandledRejection", "boom"]],
  ],
  [
    "hears rejections itself",
    "process.on('unhandledRejection', () => console.log('heard')); setTimeout(() => void Promise.reject(new Error('boom')), 10); setTimeout(() => process.exit(3), 100);",
    [["unhandledRejection", "boom"]],
  ],
  [
    "hears errors itself",
    "process.on('uncaughtException', () => console.log('heard')); setTimeout(() => { throw new Error('boom'); }, 10); setTimeout(() => process.exit(3), 100);",
    [["uncaughtException", "boom"]],
  ],
  ["prints an error", "console.error('bad: %s', 7); process.exit(5);", [["console", "bad: 7"]]],
  ["ends by itself", "setTimeout(() => process.exit(0), 10);", []],
];

it.each(ENDS)("one that %s dies as it would without being watched", (_, program, records) => {
  const dir = makeDir({});
  const run = (head: string, mode: string[] = []) => {
    writeFileSync(`${dir}/main.mjs`, `${head}\n${program}`);
    const env = { ...process.env, ELPIS_HOME: `${dir}/home` };
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      [...mode, `${dir}/main.mjs`],
      {
        encoding: "utf8",
        env,
      },
    );
    const [, found] = /^RECORDS (.*)$/m.exec(stderr) ?? [];
    // Line numbers are not the same; what is said is.
    const said = stderr.replace(/^RECORDS .*\n/m, "").replace(/main\.mjs:\d+(:\d+)?/g, "main.mjs");
    const lines = said.split("\n").filter((line) => !/^\s+at |^\s*$|^\S.*[{;]$|^\s*\^/.test(line));
    return { end: { status, signal, stdout, lines }, found };
  };
  const plain = run(PLAIN);
  const watched = run(WATCHED);
  expect(watched.end).toEqual(plain.end);
  expect(JSON.parse(watched.found ?? "null")).toEqual(records);
});
