import { readFileSync } from "node:fs";
import { ElpisError } from "@elpis/api";
import { describe, expect, test } from "vitest";
import { EXIT_CODES, exitCodeOf } from "../src/exit-codes.ts";

const DOC = new URL("../../../docs/reference/exit-codes.md", import.meta.url);

function documented(): Map<string, { code: number; meaning: string }> {
  const rows = readFileSync(DOC, "utf8").matchAll(/^\| *(\d+) *\| *`(\w+)` *\| *(.+?) *\|$/gm);
  return new Map(
    [...rows].map(([, code = "", name = "", meaning = ""]) => [
      name,
      { code: Number(code), meaning },
    ]),
  );
}

describe("the exit codes", () => {
  test("are all documented, and nothing is documented that is not there", () => {
    expect(Object.fromEntries(documented())).toEqual(EXIT_CODES);
  });

  test("differ from one another", () => {
    const codes = Object.values(EXIT_CODES).map((row) => row.code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  test.each([
    ["ELPIS_CLI_NO_PLUGIN", EXIT_CODES.usage],
    ["ELPIS_CLI_USAGE", EXIT_CODES.usage],
    ["ELPIS_CONFIG_INVALID", EXIT_CODES.config],
    ["ELPIS_PROCESS_NOT_READY", EXIT_CODES.startFailed],
    ["ELPIS_CLI_NOT_RUNNING", EXIT_CODES.notRunning],
    ["ELPIS_CLI_WHICH_APP", EXIT_CODES.notRunning],
    ["ELPIS_HUB_UNREACHABLE", EXIT_CODES.notRunning],
    ["ELPIS_CLI_ALREADY_RUNNING", EXIT_CODES.alreadyRunning],
    ["ELPIS_CLI_TIMEOUT", EXIT_CODES.timeout],
    ["ELPIS_HUB_DEADLINE", EXIT_CODES.timeout],
    ["ELPIS_CLI_ALL_FAILED", EXIT_CODES.allFailed],
    ["ELPIS_CLI_NO_LOG", EXIT_CODES.noLog],
    ["ELPIS_CLI_INTERRUPTED", EXIT_CODES.interrupted],
    ["ELPIS_CLI_FORBIDDEN", EXIT_CODES.forbidden],
    ["ELPIS_HUB_UNSAFE_DIR", EXIT_CODES.forbidden],
    ["ELPIS_CLI_EXISTS", EXIT_CODES.exists],
    ["ELPIS_CLI_SOME_FAILED", EXIT_CODES.someFailed],
    ["ELPIS_CLI_NOTHING_SAVED", EXIT_CODES.notRunning],
    ["ELPIS_CLI_MASTER_GONE", EXIT_CODES.notRunning],
    ["ELPIS_CLI_NOT_ANSWERED", EXIT_CODES.notRunning],
    ["ELPIS_CLI_IMPORT", EXIT_CODES.config],
    ["ELPIS_PROCESS_UNKNOWN", EXIT_CODES.notRunning],
    ["ELPIS_PROCESS_BUSY", EXIT_CODES.busy],
    ["ELPIS_PROCESS_MASTER_STATE", EXIT_CODES.busy],
    ["ELPIS_PROCESS_CANARY_FAILED", EXIT_CODES.canaryFailed],
    ["ELPIS_PROCESS_NO_VERSION", EXIT_CODES.noVersion],
    ["ELPIS_PROCESS_SCALE", EXIT_CODES.usage],
    ["ELPIS_PROCESS_SIGNAL", EXIT_CODES.usage],
    ["ELPIS_PROCESS_DIAGNOSIS", EXIT_CODES.diagnosis],
    ["ELPIS_CLI_TASK_FAILED", EXIT_CODES.taskFailed],
    ["ELPIS_CLI_NO_TRACE", EXIT_CODES.notRunning],
    ["ELPIS_CLI_WHICH_TRACE", EXIT_CODES.notRunning],
    ["ELPIS_TRACE_BAD_QUERY", EXIT_CODES.usage],
    ["ELPIS_SCHEDULE_UNKNOWN", EXIT_CODES.notRunning],
    ["ELPIS_SCHEDULE_NOBODY", EXIT_CODES.notRunning],
    ["ELPIS_SCHEDULE_BUSY", EXIT_CODES.busy],
    ["ELPIS_SOMETHING_NEW", EXIT_CODES.unexpected],
  ])("%s ends with its own", (code, row) => {
    expect(exitCodeOf(new ElpisError(code, "x"))).toBe(row.code);
  });

  test("anything else that is thrown is unexpected", () => {
    expect(exitCodeOf(new TypeError("x"))).toBe(EXIT_CODES.unexpected.code);
    expect(exitCodeOf("x")).toBe(EXIT_CODES.unexpected.code);
  });
});
