import { fileURLToPath } from "node:url";
import type { TraceSpan, TraceTopics } from "@elpis/api";
import { connectTo } from "@elpis/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { postgresUrl, useDatabases } from "../support/databases.ts";
import { ElpisHome } from "../support/elpis.ts";
import { ask } from "../support/http.ts";
import { freePort } from "../support/port.ts";
import { until } from "../support/wait.ts";
import { problemsOf, statementOf } from "./checks.ts";
import { FORMS, type Form, SOON, traceIsThere } from "./shop.ts";

const DIR = fileURLToPath(new URL("./fixtures/databases", import.meta.url));
const databases = await useDatabases("mysql", "redis", "postgres");

/** What stands for a value. */
const MARK = String.raw`(\?|\$\d+(::int)?)`;
const MYSQL = new RegExp(
  `^SELECT ${MARK} \\+ ${MARK} AS answer FROM dual WHERE ${MARK} <> ${MARK}$`,
);
const POSTGRES = new RegExp(`^SELECT ${MARK} \\+ ${MARK} AS answer WHERE ${MARK} <> ${MARK}$`);

/** By the way of asking: what a span is to show of it. */
const STATEMENTS: Readonly<Record<string, RegExp>> = {
  "mysql-single": MYSQL,
  "mysql-pool": MYSQL,
  "mysql-cluster": MYSQL,
  "mysql-cluster-connection": MYSQL,
  "mysql2-query": MYSQL,
  "mysql2-execute": MYSQL,
  "mysql2-callback": MYSQL,
  "mysql2-execute-callback": MYSQL,
  "mysql2-connection-callback": MYSQL,
  "pg-client": POSTGRES,
  "pg-pool": POSTGRES,
  "pg-callback": POSTGRES,
  ioredis: /^set io\b/i,
  "node-redis": /^set node\b/i,
};

/** Starts one process that has all drivers; what it gives asks it in one way. */
async function start(form: Form, trace: object | undefined) {
  const home = await ElpisHome.create();
  onTestFinished(() => home.remove());
  const port = await freePort();
  const [mysql, redis] = [databases.port("mysql"), databases.port("redis")];
  const postgres = postgresUrl(databases.port("postgres"));
  const how = { form, port, mysql, redis, postgres, trace };
  const run = home.spawn(["run", DIR], { env: { DATABASES: JSON.stringify(how) } });
  await run.printed("databases is up");
  const client = await connectTo<TraceTopics>("databases", { base: home.dir });
  onTestFinished(() => client.close());
  const get = async (way: string) => {
    const { status, text, headers } = await ask(`http://127.0.0.1:${port}/${way}`);
    expect({ way, status, text }).toEqual({ way, status: 200, text: "42" });
    const [asked, answered] = [headers["x-trace-id"], headers["x-trace-then"]];
    return { asked, answered } as { asked?: string; answered?: string };
  };
  const traceOf = (way: string, traceId: string | undefined) =>
    until(`the trace of ${way}`, async () => {
      if (traceId === undefined) throw new Error("there is none");
      return (await client.request("elpis.trace.get", { traceId })) ?? false;
    });
  return { get, traceOf };
}

const isStatement = (span: TraceSpan): boolean => statementOf(span) !== undefined;

/** Requests at once: several wait for a connection that others have. */
const CROWD = 12;

/** Asks in each way, so often at once. */
async function crowds<One>(size: number, get: (way: string) => Promise<One>) {
  const all = new Map<string, One[]>();
  for (const way of Object.keys(STATEMENTS)) {
    all.set(way, await Promise.all(Array.from({ length: size }, () => get(way))));
  }
  return all;
}

describe.skipIf(databases.missing !== undefined)("drivers", () => {
  it.for(FORMS)("(%s) work as they are, without a trace", async (form) => {
    const { get } = await start(form, undefined);
    for (const way of Object.keys(STATEMENTS)) {
      expect(await get(way)).toEqual({ asked: undefined, answered: undefined });
    }
  });

  it.for(FORMS)(
    "(%s) make one span of each statement, without what is in it",
    async (form, { skip }) => {
      skip(!traceIsThere, "there is no trace()");
      const { get, traceOf } = await start(form, SOON);
      const answers = new Map<string, string | undefined>();
      for (const way of Object.keys(STATEMENTS)) {
        // The first one connects, which may be spans as well.
        await get(way);
        answers.set(way, (await get(way)).asked);
      }
      for (const [way, statement] of Object.entries(STATEMENTS)) {
        const trace = await traceOf(way, answers.get(way));
        // Soft: which of the drivers are not followed is told of all at once.
        expect.soft(problemsOf(trace), way).toEqual([]);
        const asked = trace.tree.filter(isStatement);
        expect.soft(asked.map(statementOf), way).toEqual([expect.stringMatching(statement)]);
        expect.soft(new Set(asked.map(({ kind }) => kind)), way).toEqual(new Set(["client"]));
        expect.soft(trace, way).toMatchObject({ status: "normal", errors: 0 });
        // Taking a connection from a pool may be a span of its own, beside it or around it.
        expect.soft(trace.spans, way).toBeLessThanOrEqual(3);
        expect.soft(JSON.stringify(trace), way).not.toContain("secret-");
      }
    },
  );

  it.for(FORMS)(
    "(%s) have each statement in the trace of whoever asked, also when many wait for a connection",
    async (form, { skip }) => {
      skip(!traceIsThere, "there is no trace()");
      const { get, traceOf } = await start(form, SOON);
      for (const [way, crowd] of await crowds(CROWD, get)) {
        expect.soft(new Set(crowd.map(({ asked }) => asked)).size, way).toBe(CROWD);
        // What comes next is to be a part of it as well.
        expect
          .soft(
            crowd.map(({ answered }) => answered),
            way,
          )
          .toEqual(crowd.map(({ asked }) => asked));
        const traces = await Promise.all(crowd.map(({ asked }) => traceOf(way, asked)));
        expect.soft(traces.flatMap(problemsOf), way).toEqual([]);
        const statements = traces.map(({ tree }) => tree.filter(isStatement).length);
        expect.soft(statements, way).toEqual(traces.map(() => 1));
      }
    },
  );

  it("of requests that are not recorded stay out of the traces of those that are", async ({
    skip,
  }) => {
    skip(!traceIsThere, "there is no trace()");
    const { get, traceOf } = await start("esm", { ...SOON, sampling: { ratio: 0.5 } });
    for (const [way, crowd] of await crowds(2 * CROWD, get)) {
      expect
        .soft(
          crowd.map(({ answered }) => answered),
          way,
        )
        .toEqual(crowd.map(({ asked }) => asked));
      const recorded = crowd.filter(({ asked }) => asked !== undefined);
      // That all of them fall on one side happens once in eight million times.
      expect.soft(recorded.length, way).toBeGreaterThan(0);
      expect.soft(recorded.length, way).toBeLessThan(crowd.length);
      const traces = await Promise.all(recorded.map(({ asked }) => traceOf(way, asked)));
      expect.soft(traces.flatMap(problemsOf), way).toEqual([]);
      const statements = traces.map(({ tree }) => tree.filter(isStatement).length);
      expect.soft(statements, way).toEqual(traces.map(() => 1));
    }
  });
});
