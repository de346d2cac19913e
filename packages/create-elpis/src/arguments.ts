import { parseArgs } from "node:util";
import { usageError } from "./errors.ts";

/** What a command line asks for. */
export type Wish =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | {
      readonly kind: "create";
      readonly dir: string;
      readonly template?: string;
      readonly name?: string;
      readonly force: boolean;
    };

export const HELP = `Usage: npm create elpis@latest <folder> [-- <options>]

Makes a new project in a folder. Installs nothing.

  --template <name>  app: an application with one worker (default)
                     plugin: a plugin, with a test
                     reporter: a reporter for a backend, with the contract as tests
  --name <name>      name of the npm package; without it that of the folder
  --force            also into a folder that is not empty; replaces files of the same names
  --help             this text
  --version          the version, which is that of the packages the project will use
`;

/** Reads a command line. @throws ELPIS_CREATE_USAGE */
export function readArguments(args: readonly string[]): Wish {
  const { values, positionals } = parse(args);
  const { help, version, template, name, force = false } = values;
  if (help === true) return { kind: "help" };
  if (version === true) return { kind: "version" };
  const [dir, ...more] = positionals;
  if (dir === undefined || dir === "") throw usageError("Say into which folder");
  if (more.length > 0) {
    const hint = `options stand behind "--": npm create elpis ${dir} -- --template reporter`;
    throw usageError(`One folder is enough, not also ${more.join(", ")} (${hint})`);
  }
  return {
    ...({ kind: "create", dir, force } as const),
    ...(template !== undefined && { template }),
    ...(name !== undefined && { name }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        template: { type: "string" },
        name: { type: "string" },
        force: { type: "boolean" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean", short: "v" },
      },
    });
  } catch (error) {
    // What follows the first sentence is about arguments that begin with a dash.
    const [what = ""] = (error as Error).message.split(/\.\s|\n/);
    throw usageError(what);
  }
}
