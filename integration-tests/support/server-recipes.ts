import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, readdir, realpath, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./port.ts";

const run = promisify(execFile);

export type ServerKind = "redis" | "postgres" | "mysql" | "prometheus" | "rabbitmq";

/** Who a program runs as; nobody else when empty. */
export interface As {
  readonly uid?: number;
  readonly gid?: number;
}

/** How a kind of server is made and started. */
export interface Recipe {
  readonly program: string;
  /** Makes its files. `bin` is the folder in which the program really is. */
  prepare?(dir: string, as: As, bin: string): Promise<unknown>;
  args(dir: string, port: number): readonly string[];
  /** What it is told by its environment, besides ours. */
  env?(dir: string, port: number): Promise<Readonly<Record<string, string>>>;
  /** What is found first is a script for one user; the program has the same name where that really is. */
  readonly isWrapped?: boolean;
  /** It does not run as root; the user that it runs as then. */
  readonly user?: string;
  /** What ends it at once. @default "SIGKILL" */
  readonly signal?: NodeJS.Signals;
}

/** Whoever connects over TCP as `owner` of PostgreSQL says this; `root` of MySQL says nothing. */
export const POSTGRES_PASSWORD = "not-a-secret";

export const RECIPES: Readonly<Record<ServerKind, Recipe>> = {
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
    // It leaves its shared memory and its children behind otherwise.
    signal: "SIGQUIT",
    async prepare(dir, as, bin) {
      const password = join(dir, "password");
      await writeFile(password, `${POSTGRES_PASSWORD}\n`);
      const auth = ["-A", "scram-sha-256", "-U", "owner", "--pwfile", password];
      await run(join(bin, "initdb"), ["-D", join(dir, "data"), "--no-sync", ...auth], {
        ...as,
        cwd: dir,
      });
    },
    args: (dir, port) => [
      ...["-D", join(dir, "data"), "-p", String(port), "-h", "127.0.0.1"],
      ...["-k", dir, "-F"],
    ],
  },
  mysql: {
    program: "mariadbd",
    user: "mysql",
    prepare: (dir, as) =>
      run(
        "mariadb-install-db",
        [
          ...["--no-defaults", `--datadir=${dir}/data`, "--skip-test-db"],
          // Root would only come in by the socket otherwise.
          "--auth-root-authentication-method=normal",
        ],
        // Two of them at a time would take each other's temporary files away.
        { ...as, cwd: dir, env: { ...process.env, TMPDIR: dir } },
      ),
    args: (dir, port) => [
      ...["--no-defaults", `--datadir=${dir}/data`, `--socket=${dir}/s`, `--port=${port}`],
      ...[`--tmpdir=${dir}`, "--bind-address=127.0.0.1", "--pid-file=pid"],
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
  // `guest` comes in with the password `guest`.
  rabbitmq: {
    program: "rabbitmq-server",
    isWrapped: true,
    async env(dir, port) {
      return {
        // It has a cookie there.
        HOME: dir,
        RABBITMQ_NODENAME: "elpis@localhost",
        RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
        RABBITMQ_NODE_PORT: String(port),
        RABBITMQ_DIST_PORT: String(await freePort()),
        // Where nodes find each other, by a daemon that stays when they are gone.
        ERL_EPMD_PORT: String(await freePort()),
        ERL_EPMD_ADDRESS: "127.0.0.1",
        RABBITMQ_MNESIA_BASE: join(dir, "data"),
        RABBITMQ_LOGS: "-",
        // One of its logs is a file all the same.
        RABBITMQ_LOG_BASE: dir,
        // None of these is there; those of the machine are not for it.
        RABBITMQ_CONF_ENV_FILE: join(dir, "rabbitmq-env.conf"),
        RABBITMQ_CONFIG_FILE: join(dir, "rabbitmq.conf"),
        RABBITMQ_ADVANCED_CONFIG_FILE: join(dir, "advanced.config"),
        RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, "plugins"),
        // It stays a child of a shell otherwise, which does not hand on what ends it.
        RABBITMQ_ALLOW_INPUT: "1",
      };
    },
    args: () => ["-noinput", "-kernel", "inet_dist_use_interface", "{127,0,0,1}"],
  },
};

/** Where a program is. */
export interface Place {
  readonly file: string;
  /** The folder in which it, and what belongs to it, really is. */
  readonly bin: string;
}

/** Finds a program; also where Debian has servers, which is not where everybody looks. */
export async function findProgram(name: string): Promise<Place | undefined> {
  const postgres = "/usr/lib/postgresql";
  const versions = await readdir(postgres).catch(() => []);
  const places = [
    ...(process.env.PATH ?? "").split(delimiter),
    ...["/usr/sbin", "/usr/local/sbin"],
    ...versions.map((version) => join(postgres, version, "bin")),
  ];
  for (const place of places) {
    const file = join(place, name);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return { file, bin: dirname(await realpath(file)) };
  }
  return undefined;
}

/** Numbers of the user that a server runs as; empty when it runs as whoever we are. */
export async function userOf({ user }: Recipe): Promise<As> {
  if (user === undefined || process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (which) => Number((await run("id", [which, user])).stdout)),
  );
  return { uid: uid as number, gid: gid as number };
}
