import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, realpath, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, type TestContext } from "vitest";
import { freePort } from "./port.ts";
import { Guard, MARK } from "./server-guard.ts";
import { type As, findProgram, RECIPES, type ServerKind, userOf } from "./server-recipes.ts";
import { until } from "./wait.ts";

export type { ServerKind } from "./server-recipes.ts";

/** A server that a test may stop and start; gone, with its files, after the test. */
export interface Server {
  readonly port: number;
  start(): Promise<void>;
  /** Ends it at once, as if the machine had. */
  kill(): Promise<void>;
}

/** A server that its owner must remove. */
export interface OwnServer extends Server {
  /** Ends it, and removes its files. */
  remove(): Promise<void>;
}

/** Why there is no such server on this machine, which is told; undefined: there is. Throws where there must be one. */
export async function whyNot(kind: ServerKind): Promise<string | undefined> {
  const { program } = RECIPES[kind];
  if ((await findProgram(program)) !== undefined) return undefined;
  const reason = `${program} is not installed`;
  if (process.env.ELPIS_REQUIRE_SERVICES === "1") throw new Error(reason);
  console.log(`skipped: ${reason}`);
  return reason;
}

/**
 * Prepares a server on a free port, with these files in its folder; it is not started. Skips the test, with a line, where
 * there is no such program.
 */
export async function privateServer(
  kind: ServerKind,
  context: TestContext,
  files: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const reason = await whyNot(kind);
  if (reason !== undefined) context.skip(reason);
  const server = await makeServer(kind, files);
  onTestFinished(() => server.remove());
  return server;
}

/** Prepares a server on a free port, with these files in its folder; it is not started. */
export async function makeServer(
  kind: ServerKind,
  files: Readonly<Record<string, string>> = {},
): Promise<OwnServer> {
  const recipe = RECIPES[kind];
  const place = await findProgram(recipe.program);
  if (place === undefined) throw new Error(`${recipe.program} is not installed`);
  const dir = await realpath(await mkdtemp(join(tmpdir(), "elpis-server-")));
  const guard = new Guard(dir, recipe.signal ?? "SIGKILL");
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
    const as = await userOf(recipe);
    if (as.uid !== undefined) await chown(dir, as.uid, as.gid as number);
    await recipe.prepare?.(dir, as, place.bin);
    const port = await freePort();
    const program = recipe.isWrapped ? join(place.bin, recipe.program) : place.file;
    const command = [program, ...recipe.args(dir, port)];
    const env = { ...(await recipe.env?.(dir, port)), [MARK]: dir };
    return new Running({ command, env, port, dir, as, guard, signal: recipe.signal ?? "SIGKILL" });
  } catch (error) {
    await guard.end();
    throw error;
  }
}

interface RunningParts {
  readonly command: readonly string[];
  /** Besides ours. */
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
  readonly dir: string;
  readonly as: As;
  readonly guard: Guard;
  readonly signal: NodeJS.Signals;
}

class Running implements OwnServer {
  readonly port: number;
  readonly #parts: RunningParts;
  #child: ChildProcess | undefined;
  #said = "";

  constructor(parts: RunningParts) {
    this.#parts = parts;
    this.port = parts.port;
  }

  async start(): Promise<void> {
    const { command, dir, as, guard } = this.#parts;
    const [program, ...args] = command as [string, ...string[]];
    const env = { ...process.env, ...this.#parts.env };
    const child = spawn(program, args, { ...as, env, cwd: dir, stdio: ["ignore", "pipe", "pipe"] });
    await once(child, "spawn");
    guard.watch(child.pid);
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (text: Buffer) => {
        this.#said = (this.#said + text.toString()).slice(-4000);
      });
    }
    await until(
      `${program} to listen`,
      async () => {
        if (child.exitCode !== null) throw new Error(this.#said);
        return accepts(this.port);
      },
      60_000,
    );
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(this.#parts.signal);
    await gone;
    this.#parts.guard.watch(undefined);
  }

  async remove(): Promise<void> {
    await this.kill();
    await this.#parts.guard.end();
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
    socket.once("connect", () => socket.destroy());
  });
}
