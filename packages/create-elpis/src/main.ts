import { relative } from "node:path";
import { HELP, readArguments } from "./arguments.ts";
import { type Created, create } from "./create.ts";
import { CreateError } from "./errors.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { ownVersion } from "./templates.ts";

/** Where a command line runs. */
export interface Surroundings {
  readonly cwd: string;
  /** Take whole texts. */
  out(text: string): void;
  err(text: string): void;
}

/** Runs one command line. Never throws: errors are printed. @returns the exit status */
export function main(args: readonly string[], { cwd, out, err }: Surroundings): number {
  try {
    const wish = readArguments(args);
    if (wish.kind === "help") out(HELP);
    else if (wish.kind === "version") out(`${ownVersion()}\n`);
    else out(told(create({ ...wish, cwd }), cwd));
    return 0;
  } catch (error) {
    const text = error instanceof CreateError ? `${error.message} (${error.code})` : `${error}`;
    err(`create-elpis: ${text}\n`);
    return exitCodeOf(error);
  }
}

function told({ dir, name, template, files }: Created, cwd: string): string {
  const below = relative(cwd, dir);
  const to = below.startsWith("..") ? dir : below;
  const steps = [
    ...(to === "" ? [] : [`cd ${/^[\w./@-]+$/.test(to) ? to : JSON.stringify(to)}`]),
    ...["npm install", "npm test"],
    ...(template === "app" ? ["npm run dev"] : []),
  ];
  const made = `${name} is made in ${to || "this folder"}: ${template}, ${files.length} files.`;
  return `${made}\n\nNext:\n\n${steps.map((step) => `  ${step}\n`).join("")}`;
}
