import { afterAll, beforeAll } from "vitest";
import { POSTGRES_PASSWORD } from "./server-recipes.ts";
import { makeServer, type ServerKind, whyNot } from "./servers.ts";

/** A server that runs, on 127.0.0.1. `root` comes into MariaDB without a password; see also {@link postgresUrl}. */
interface Database {
  readonly port: number;
  /** Ends it, and removes its files. */
  stop(): Promise<void>;
}

export const postgresUrl = (port: number): string =>
  `postgres://owner:${POSTGRES_PASSWORD}@127.0.0.1:${port}/postgres`;

/** Starts a server; resolves when it can be connected to. */
async function startDatabase(kind: ServerKind): Promise<Database> {
  const server = await makeServer(kind);
  try {
    await server.start();
  } catch (error) {
    await server.remove();
    throw error;
  }
  return { port: server.port, stop: () => server.remove() };
}

/** Servers for all tests of a file. */
export interface Databases {
  /** Why there are none; undefined: there are. */
  readonly missing: string | undefined;
  /** Where one is, once the tests run. */
  port(kind: ServerKind): number;
}

/** Has these servers run from before the first test of a file until after its last; not one, where one is missing. */
export async function useDatabases(...kinds: ServerKind[]): Promise<Databases> {
  const reasons = await Promise.all(kinds.map(whyNot));
  const missing = reasons.find((reason) => reason !== undefined);
  const started = new Map<ServerKind, Database>();
  if (missing === undefined) {
    beforeAll(async () => {
      await Promise.all(kinds.map(async (kind) => started.set(kind, await startDatabase(kind))));
    });
    afterAll(async () => {
      await Promise.all([...started.values()].map((database) => database.stop()));
    });
  }
  return {
    missing,
    port(kind) {
      const database = started.get(kind);
      if (database === undefined) throw new Error(`there is no ${kind}`);
      return database.port;
    },
  };
}
