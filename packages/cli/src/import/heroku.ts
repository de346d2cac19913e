import { Names } from "./names.ts";
import { type Imported, toSource } from "./result.ts";
import { Code } from "./source.ts";
import { needsShell, splitWords } from "./words.ts";

const PORT = 'process.env.PORT ?? "5000"';

/** Makes a configuration of a `Procfile`: a name and a command on each line. */
export function importProcfile(text: string): Imported {
  const names = new Names();
  const notes: string[] = [];
  const processes: Record<string, unknown> = {};
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, type, command] = /^\s*([\w.-]+)\s*:\s*(.+?)\s*$/.exec(line) ?? [];
    if (type === undefined || command === undefined) {
      notes.push(`line ${at + 1} is not a name and a command: ${line.trim()}`);
    } else if (type === "release") {
      notes.push(
        `release is not taken over: it runs once, before a deployment; run it there: ${command}`,
      );
    } else {
      const name = names.take(type, (note) => notes.push(note));
      processes[name] = toProcess(type, command);
    }
  }
  if ("web" in processes) {
    notes.push("web gets PORT from the environment, else 5000, and is ready once it listens on it");
  }
  if (Object.keys(processes).length === 0) notes.push("there is no process in it");
  return { source: toSource(processes, new Set()), notes };
}

function toProcess(type: string, command: string): Readonly<Record<string, unknown>> {
  const isWeb = type === "web";
  const port = isWeb ? { PORT: new Code(PORT) } : {};
  const program = needsShell(command)
    ? { command: ["sh", "-c", command], env: {} }
    : toProgram(splitWords(command));
  const env = { ...port, ...program.env };
  return {
    ...program,
    env: Object.keys(env).length > 0 ? env : undefined,
    ...(isWeb && "entry" in program && { ready: "listen" }),
  };
}

function toProgram(words: readonly string[]): {
  readonly env: Readonly<Record<string, string>>;
} & Readonly<Record<string, unknown>> {
  const first = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  const program = words.slice(Math.max(first, 0));
  const env = Object.fromEntries(
    words.slice(0, Math.max(first, 0)).map((word) => {
      const at = word.indexOf("=");
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
  return { ...(asEntry(program) ?? { command: program }), env };
}

/** `node --option app.js argument`; an option with a value of its own cannot be told from an entry. */
function asEntry(words: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  if (words[0] !== "node" && words[0] !== "nodejs") return undefined;
  const at = words.findIndex((word, index) => index > 0 && !word.startsWith("-"));
  const nodeArgs = words.slice(1, at);
  if (at < 0 || nodeArgs.some((arg) => /^-(r|e|p|C|-require|-import|-loader|-eval)$/.test(arg))) {
    return undefined;
  }
  const args = words.slice(at + 1);
  return {
    entry: relative(words[at] as string),
    ...(args.length > 0 && { args }),
    ...(nodeArgs.length > 0 && { nodeArgs }),
  };
}

function relative(path: string): string {
  return /^(\.{0,2}\/)/.test(path) ? path : `./${path}`;
}
