import { posix } from "node:path";
import { Names } from "./names.ts";
import { ignoredNotes } from "./pm2-ignored.ts";
import { readProgram } from "./pm2-program.ts";
import { readSupervision } from "./pm2-supervision.ts";
import { type Helper, type Imported, printEnv, toSource } from "./result.ts";
import { Code } from "./source.ts";

/** An app of an ecosystem file, as it stands there. */
export type Pm2App = Readonly<Record<string, unknown>>;

/** Makes a configuration of what an ecosystem file exports: `{ apps: [...] }`, a list, or one app. */
export function importEcosystem(ecosystem: unknown): Imported {
  const notes: string[] = [];
  const names = new Names();
  const helpers = new Set<Helper>();
  const processes: Record<string, unknown> = {};
  for (const app of appsOf(ecosystem)) {
    const wanted = nameOf(app);
    const name = names.take(wanted, (note) => notes.push(note));
    processes[name] = toProcess(app, helpers, (note) => notes.push(`${name}: ${note}`));
  }
  if (isRecord(ecosystem) && ecosystem.deploy !== undefined) {
    notes.push("deploy is not taken over: bringing files to machines is not part of Elpis");
  }
  if (Object.keys(processes).length === 0) notes.push("there is no app in it");
  return { source: toSource(processes, helpers), notes };
}

function appsOf(ecosystem: unknown): Pm2App[] {
  const apps = isRecord(ecosystem) ? (ecosystem.apps ?? ecosystem.pm2 ?? ecosystem) : ecosystem;
  const list = Array.isArray(apps) ? apps : [apps];
  return list.filter((app): app is Pm2App => isRecord(app) && "script" in app);
}

function nameOf({ name, script }: Pm2App): string {
  if (typeof name === "string" && name !== "") return name;
  return posix.basename(String(script)).replace(/\.\w+$/, "");
}

function toProcess(
  app: Pm2App,
  helpers: Set<Helper>,
  note: (text: string) => void,
): Readonly<Record<string, unknown>> {
  for (const text of ignoredNotes(app)) note(text);
  const program = readProgram(app, note);
  return {
    ...program,
    scale: readScale(app, helpers, note),
    ready: "entry" in program ? readReady(app, note) : undefined,
    env: readEnv(app, helpers, note),
    ...readSupervision(app, note),
  };
}

function readScale(app: Pm2App, helpers: Set<Helper>, note: (text: string) => void): unknown {
  const { instances } = app;
  if (instances === undefined) return undefined;
  const count = instances === "max" ? 0 : Number(instances);
  if (!Number.isInteger(count)) {
    note(`instances is ${JSON.stringify(instances)}, which is not a number: not taken over`);
    return undefined;
  }
  if (count === 0) return "auto";
  if (count > 0) return count === 1 ? undefined : count;
  helpers.add("availableParallelism");
  return new Code(`Math.max(1, availableParallelism() - ${-count})`);
}

function readReady(app: Pm2App, note: (text: string) => void): string | undefined {
  if (app.wait_ready === true) return "message";
  const isCluster = /^cluster/.test(String(app.exec_mode ?? ""));
  if (!isCluster) return undefined;
  note('it is ready once it listens on a port; take ready: "listen" away if it does not');
  return "listen";
}

function readEnv(
  app: Pm2App,
  helpers: Set<Helper>,
  note: (text: string) => void,
): Readonly<Record<string, unknown>> | undefined {
  const profiles = Object.fromEntries(
    Object.entries(app)
      .filter(([key, value]) => key.startsWith("env_") && isRecord(value))
      .map(([key, value]) => [key.slice("env_".length), texts(value)]),
  );
  if (Object.keys(profiles).length > 0) {
    helpers.add("profile");
    const [first] = Object.keys(profiles);
    note(
      `its profiles (${Object.keys(profiles).join(", ")}) go by NODE_ENV: NODE_ENV=${first} elpis start`,
    );
  }
  const env = printEnv(texts(app.env), profiles);
  return Object.keys(env).length > 0 ? env : undefined;
}

function texts(env: unknown): Record<string, string> {
  if (!isRecord(env)) return {};
  const pairs = Object.entries(env).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(
    pairs.map(([name, value]) => [
      name,
      typeof value === "object" ? JSON.stringify(value) : String(value),
    ]),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
