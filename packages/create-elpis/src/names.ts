import { builtinModules } from "node:module";
import { badName } from "./errors.ts";

const MAX_CHARS = 214;
/** Of an application, a plugin, a reporter. */
const MAX_ID_CHARS = 64;
const RESERVED: ReadonlySet<string> = new Set(["node_modules", "favicon.ico", ...builtinModules]);

/** What a project is called, by whom. */
export interface Names {
  /** By npm: `@acme/elpis-reporter-acme`. */
  readonly name: string;
  /** By Elpis, in kebab-case: `acme`. */
  readonly id: string;
  /** By code: `acme`; a template adds `Reporter` or `Plugin`, so that it is never a word of the language. */
  readonly identifier: string;
}

/** Words that say what a project is, and not whose. */
const KINDS: ReadonlySet<string> = new Set(["elpis", "reporter", "plugin"]);

/** Checks a name as npm does, and makes the others of it. @throws ELPIS_CREATE_NAME */
export function namesOf(name: string, template: string): Names {
  checkName(name);
  const [scope, rest] = name.startsWith("@") ? name.slice(1).split("/", 2) : ["", name];
  const words = wordsOf(rest);
  // An application is called what it is called.
  const own = template === "app" ? words : withoutKinds(words, wordsOf(scope));
  const id = own.join("-").slice(0, MAX_ID_CHARS).replace(/-$/, "");
  return { name, id, identifier: identifierOf(id) };
}

function checkName(name: string): void {
  if (name.length > MAX_CHARS) throw badName(name, `it has more than ${MAX_CHARS} characters`);
  if (!/^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/.test(name)) {
    throw badName(name, 'small letters, digits, "-", "_" and "." are, a letter or digit first');
  }
  if (RESERVED.has(name)) throw badName(name, "it is taken by Node or npm");
}

function wordsOf(text = ""): string[] {
  return text.split(/[^a-z0-9]+/).filter((word) => word !== "");
}

/** `elpis-reporter-acme`, `acme-reporter` and `@acme/elpis-reporter` are all of `acme`. */
function withoutKinds(words: readonly string[], scope: readonly string[]): readonly string[] {
  const first = words.findIndex((word) => !KINDS.has(word));
  if (first === -1) return scope.length > 0 ? scope : words;
  return words.slice(first, words.findLastIndex((word) => !KINDS.has(word)) + 1);
}

function identifierOf(id: string): string {
  const [first = "", ...rest] = id.split("-");
  const camel = first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  // `defineReporter` is what a template imports, and a digit begins no name.
  return camel === "define" || /^\d/.test(camel) ? `_${camel}` : camel;
}
