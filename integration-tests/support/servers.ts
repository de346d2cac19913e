import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chown, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished, type TestContext } from "vitest";
import { freePort } from "./port.ts";
import { until } from "./wait.ts";

const run = promisify(execFile);

/** A server that a test may stop and start; gone, with its files, after the test. */
export interface Server {
  readonly port: number;
  start(): Promise<void>;
  /** Ends it at once, as if the machine had. */
  kill(): Promise<void>;
}

export type ServerKind = "redis" | "postgres" | "mysql" | "prometheus";

interface Recipe {
  readonly program: string;
  /** Makes its files. */
  prepare?(dir: string, as: { uid?: number; gid?: number }): Promise<unknown>;
  args(dir: string, port: number): readonly string[];
  /** It does not run as root; the user that it runs as then. */
  readonly user?: string;
}

const RECIPES: Readonly<Record<ServerKind, Recipe>> = {
  redis: {
    program: "redis-server",
    args: (dir, port) => [
      ...["--port", String(port), "--bind", "127.0.0.1"],
      ...["--save", "", "--appendonly", "no", "--dir", dir],
    ],
  },
  postgres: {
    program: "postgres",
    user: "postgres",
    prepare: (dir, as) =>
      run(
        "initdb",
        ["-D", join(dir, "data"), "-A", "scram-sha-256", "-U", "owner", "--no-sync"].concat([
          "--pwfile",
          "/etc/hostname",
        ]),
        { ...as, cwd: dir },
      ),
    args: (dir, port) => [
      ...["-D", join(dir, "data"), "-p", String(port), "-h", "127.0.0.1"],
      ...["-k", dir, "-F"],
    ],
  },
  mysql: {
    program: "mariadbd",
    user: "mysql",
    prepare: (dir, as) =>
      run("mariadb-install-db", ["--no-defaults", `--datadir=${dir}/data`, "--skip-test-db"], {
        ...as,
        cwd: dir,
      }),
    args: (dir, port) => [
      ...["--no-defaults", `--datadir=${dir}/data`, `--socket=${dir}/s`, `--port=${port}`],
      ...["--bind-address=127.0.0.1", "--pid-file=pid"],
      ...["--innodb-buffer-pool-size=8M", "--performance-schema=OFF"],
    ],
  },
  // Its configuration is the file `prometheus.yml`.
  prometheus: {
    program: "prometheus",
    args: (dir, port) => [
      ...[`--config.file=${dir}/prometheus.yml`, `--storage.tsdb.path=${dir}/data`],
      ...[`--web.listen-address=127.0.0.1:${port}`, "--log.level=warn"],
      "--enable-feature=exemplar-storage",
    ],
  },
};

/**
 * Prepares a server on a free port, with these files in its folder; it is not started. Skips the test, with a line, where
 * there is no such program.
 */
export async function privateServer(
  kind: ServerKind,
  context: TestContext,
  files: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const recipe = RECIPES[kind];
  const found = await run("which", [recipe.program]).catch(() => undefined);
  if (found === undefined) {
    const reason = `${recipe.program} is not installed`;
    if (process.env.ELPIS_REQUIRE_SERVICES === "1") throw new Error(reason);
    console.log(`skipped: ${reason}`);
    context.skip(reason);
  }
  const dir = await realpath(await mkdtemp(join(tmpdir(), "elpis-server-")));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  const as = await otherUser(recipe.user);
  if (as.uid !== undefined) await chown(dir, as.uid, as.gid as number);
  await recipe.prepare?.(dir, as);
  const server = new Running(recipe, dir, await freePort(), as);
  onTestFinished(() => server.kill());
  return server;
}

async function otherUser(name: string | undefined): Promise<{ uid?: number; gid?: number }> {
  if (name === undefined || process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (which) => Number((await run("id", [which, name])).stdout)),
  );
  return { uid: uid as number, gid: gid as number };
}

class Running implements Server {
  readonly port: number;
  readonly #recipe: Recipe;
  readonly #dir: string;
  readonly #as: { uid?: number; gid?: number };
  #child: ChildProcess | undefined;
  #said = "";

  constructor(recipe: Recipe, dir: string, port: number, as: { uid?: number; gid?: number }) {
    this.#recipe = recipe;
    this.#dir = dir;
    this.port = port;
    this.#as = as;
  }

  async start(): Promise<void> {
    const { program, args } = this.#recipe;
    const child = spawn(program, args(this.#dir, this.port), {
      ...this.#as,
      cwd: this.#dir,
      stdio: ["ignore", "pipe", "pipe"],
    });
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
    const gone = new Promise((resolve) => child.once("exit", resolve));
    // PostgreSQL leaves its shared memory and its children behind otherwise.
    child.kill(this.#recipe.program === "postgres" ? "SIGQUIT" : "SIGKILL");
    await gone;
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
