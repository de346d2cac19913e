import { readFileSync } from "node:fs";
import { Command } from "commander";
import type { Chosen } from "./command-line.ts";
import { registerAsk } from "./commands/ask/register.ts";
import { registerChange } from "./commands/change/register.ts";
import { registerLife } from "./commands/life/register.ts";
import { registerLook } from "./commands/look/register.ts";
import { registerMachine } from "./commands/machine/register.ts";
import { registerProject } from "./commands/project/register.ts";
import { registerTasks } from "./commands/tasks/register.ts";
import { registerTraces } from "./commands/traces/register.ts";
import { registerUser } from "./commands/user/register.ts";
import type { CliContext } from "./context.ts";

/** Builds the parser: which commands there are, and what they take. */
export function createProgram(context: CliContext, chosen: Chosen): Command {
  const program = new Command("elpis")
    .description("Runs a Node.js application as one supervised family of processes.")
    .version(version())
    .exitOverride()
    .configureOutput({
      getOutHelpWidth: () => context.stdout.columns ?? 80,
      writeOut: (text) => void context.stdout.line(text.replace(/\n$/, "")),
      writeErr: (text) => void context.stderr.line(text.replace(/\n$/, "")),
      // Errors are thrown and printed where all the others are.
      outputError: () => {},
    });
  const registrar = { program, context, chosen };
  registerLife(registrar);
  registerChange(registrar);
  registerAsk(registrar);
  registerTraces(registrar);
  registerLook(registrar);
  registerTasks(registrar);
  registerUser(registrar);
  registerMachine(registrar);
  registerProject(registrar);
  return program;
}

function version(): string {
  const file = new URL("../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
