import { expect, test } from "vitest";
import type { CliContext } from "../src/context.ts";
import { createProgram } from "../src/program.ts";

const sink = { columns: undefined, line: () => true } as unknown as CliContext["stdout"];
const program = createProgram({ stdout: sink, stderr: sink } as CliContext, () => {});
const commands = program.commands.filter((one) => !one.name().startsWith("_"));

const NAMES = [
  ...["run", "dev", "start", "stop", "restart", "reload", "rollback", "scale", "apply", "signal"],
  ...[
    "list",
    "show",
    "ps",
    "pid",
    "logs",
    "health",
    "errors",
    "metrics",
    "inspect",
    "diag",
    "tasks",
    "reporters",
    "traces",
    "trace",
  ],
  ...["save", "resurrect", "exit", "startup", "doctor", "init", "config", "completion"],
];

test("has every command, and shows none that is internal", () => {
  expect(commands.map((one) => one.name()).sort()).toEqual([...NAMES].sort());
  expect(program.helpInformation()).not.toContain("__");
});

test.each(NAMES)("%s takes the options of all commands, and says what it is for", (name) => {
  const command = commands.find((one) => one.name() === name);
  const options = command?.options.map(({ long }) => long);
  expect(options).toEqual(
    expect.arrayContaining(["--json", "--app", "--config", "--timeout", "--verbose"]),
  );
  expect(command?.description()).not.toBe("");
  for (const option of command?.options ?? []) expect(option.description).not.toBe("");
});
