import { Code, print } from "./source.ts";

/** What an import gives. */
export interface Imported {
  /** Text of an `elpis.config.ts`, for the folder of the file that was imported. */
  readonly source: string;
  /** What could not be carried over, or is to be looked at; for a person. */
  readonly notes: readonly string[];
}

/** What stands in front of the configuration. */
export type Helper = "availableParallelism" | "profile";

const HELPERS: Readonly<Record<Helper, readonly [head: string, body: string]>> = {
  availableParallelism: ['import { availableParallelism } from "node:os";\n', ""],
  profile: [
    "",
    `
type Variables = Record<string, string>;

/** The variables of the profile that NODE_ENV names. */
function profile(all: Record<string, Variables>): Variables {
  return all[process.env.NODE_ENV ?? ""] ?? {};
}
`,
  ],
};

/** Variables of an environment, some of them code, and some by the name of a profile. */
export function printEnv(
  env: Readonly<Record<string, unknown>>,
  profiles: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Readonly<Record<string, unknown>> {
  if (Object.keys(profiles).length === 0) return env;
  return { ...env, "...profile": new Code(`profile(${print(profiles, "      ")})`) };
}

/** The text of a configuration. */
export function toSource(
  processes: Readonly<Record<string, unknown>>,
  helpers: ReadonlySet<Helper>,
): string {
  const used = [...helpers].map((name) => HELPERS[name]);
  const heads = used.map(([head]) => head).join("");
  const bodies = used.map(([, body]) => body).join("");
  const config = print({ processes });
  return `${heads}import { defineConfig } from "elpis";\n${bodies}\nexport default defineConfig(${config});\n`;
}
