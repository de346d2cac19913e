import { posix } from "node:path";
import type { Pm2App } from "./pm2.ts";
import { splitWords } from "./words.ts";

/** What PM2 runs a script with, by its extension. */
const INTERPRETERS: ReadonlyMap<string, string> = new Map([
  [".sh", "bash"],
  [".py", "python3"],
  [".rb", "ruby"],
  [".pl", "perl"],
  [".php", "php"],
]);

/** What an app runs: an entry for Node, or a command. */
export function readProgram(
  app: Pm2App,
  note: (text: string) => void,
): Readonly<Record<string, unknown>> {
  const script = String(app.script);
  const args = words(app.args);
  const options = words(
    app.node_args ?? app.interpreter_args ?? app.nodeArgs ?? app.interpreterArgs,
  );
  const cwd = typeof app.cwd === "string" ? app.cwd : undefined;
  const given = app.interpreter ?? app.exec_interpreter;
  const interpreter = given ?? INTERPRETERS.get(posix.extname(script)) ?? nodeOrNothing(script);
  const shared = { cwd };
  if (interpreter === "node") {
    return {
      entry: entryOf(script, cwd),
      ...shared,
      args: args.length > 0 ? args : undefined,
      nodeArgs: options.length > 0 ? options : undefined,
    };
  }
  if (interpreter === "none" || interpreter === "") {
    const command = options.length > 0 ? [...options, script] : splitWords(script);
    return { command: [...command, ...args], ...shared };
  }
  if (/(^|\/)(ts-node|tsx|bun|babel-node)$/.test(String(interpreter))) {
    note(`${String(interpreter)} runs it as a command: Elpis runs TypeScript as an entry, too`);
  }
  return { command: [String(interpreter), ...options, script, ...args], ...shared };
}

/** `npm start` and the like are programs, and not files for Node. */
function nodeOrNothing(script: string): string {
  const isProgram = posix.extname(script) === "" && !/[\\/]/.test(script);
  return isProgram || /\s/.test(script.trim()) ? "none" : "node";
}

/** PM2 looks for a script from the working directory; an entry is relative to the configuration. */
function entryOf(script: string, cwd: string | undefined): string {
  if (script.startsWith("/")) return script;
  const path = cwd === undefined ? script : posix.join(cwd, script);
  return path.startsWith("/") || path.startsWith(".") ? path : `./${path}`;
}

function words(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return value === undefined || value === null ? [] : splitWords(String(value));
}
