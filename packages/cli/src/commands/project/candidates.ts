import { constants } from "node:os";
import type { Command } from "commander";

/** Where names of what runs come from. */
export interface Names {
  apps(): Promise<string[]>;
  /** Of one app, or of all. */
  processes(app: string | undefined): Promise<string[]>;
  /** Of one app, or of all. */
  tasks(app: string | undefined): Promise<string[]>;
}

/** Options whose value is a name of something that runs. */
const OPTION_VALUES: Readonly<Record<string, "apps" | "processes">> = {
  "--app": "apps",
  "--name": "apps",
  "--process": "processes",
};

/**
 * What the last of `words` may become: commands, options, names of apps and processes. Nothing means that it may be a
 * file.
 */
export async function candidates(
  program: Command,
  words: readonly string[],
  names: Names,
): Promise<string[]> {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const found = await proposals(program, before, current, names);
  return [...new Set(found)].filter((one) => one.startsWith(current)).sort();
}

async function proposals(
  program: Command,
  before: readonly string[],
  current: string,
  names: Names,
): Promise<readonly string[]> {
  const [name, ...rest] = before;
  if (name === undefined) return visible(program).flatMap((one) => [one.name(), ...one.aliases()]);
  const command = visible(program).find((one) => [one.name(), ...one.aliases()].includes(name));
  if (command === undefined) return [];
  const isInner = visible(command).some((one) => one.name() === rest[0]);
  if (isInner) return proposals(command, rest, current, names);
  const last = rest.at(-1) ?? "";
  const option = command.options.find(
    ({ long, short }) => last !== "" && [long, short].includes(last),
  );
  if (option !== undefined && (option.required || option.optional)) {
    // `traces --name` is a text to look for.
    const isText = option.flags.endsWith("<text>");
    const kind = isText ? undefined : OPTION_VALUES[option.long ?? ""];
    if (kind === undefined) return option.argChoices ?? [];
    return kind === "apps" ? names.apps() : names.processes(givenFor(rest, "--app"));
  }
  if (current.startsWith("-")) return command.options.flatMap(({ long }) => long ?? []);
  const inner = rest.length === 0 ? visible(command).map((one) => one.name()) : [];
  const given = positionals(command, rest);
  return [...inner, ...(await argumentValues(command, given, givenFor(rest, "--app"), names))];
}

function visible(program: Command): readonly Command[] {
  return program.commands.filter((one) => !one.name().startsWith("_"));
}

/** What may stand where the next argument goes. */
async function argumentValues(
  command: Command,
  given: readonly string[],
  app: string | undefined,
  names: Names,
): Promise<readonly string[]> {
  const all = command.registeredArguments;
  const argument = all[Math.min(given.length, all.length - 1)];
  if (argument === undefined || (given.length >= all.length && !argument.variadic)) return [];
  if (argument.argChoices !== undefined) return argument.argChoices;
  switch (argument.name()) {
    case "app":
      return names.apps();
    case "process":
      return argument.variadic && given.length > 0
        ? [...(await names.processes(app)), ...Object.keys(constants.signals)]
        : names.processes(app);
    case "task":
      return names.tasks(app);
    case "app|process":
      return [...(await names.apps()), ...(await names.processes(app))];
    case "items":
      return (await names.processes(app ?? given.find((word) => !word.includes("="))))
        .filter((one) => !/\.\d+$/.test(one))
        .map((one) => `${one}=`);
    default:
      return [];
  }
}

/** The words that are neither options nor their values. */
function positionals(command: Command, words: readonly string[]): string[] {
  const takesValue = new Set(
    command.options
      .filter(({ required, optional }) => required || optional)
      .flatMap(({ long, short }) => [long, short]),
  );
  return words.filter(
    (word, at) => !word.startsWith("-") && !(at > 0 && takesValue.has(words[at - 1])),
  );
}

function givenFor(words: readonly string[], option: string): string | undefined {
  const at = words.indexOf(option);
  return at < 0 ? undefined : words[at + 1];
}
