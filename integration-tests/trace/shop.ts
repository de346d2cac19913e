import { get } from "node:http";
import { fileURLToPath } from "node:url";
import type { Client, TraceDetails, TracePage, TraceQuery, TraceTopics } from "@elpis/api";
import { connectTo } from "@elpis/core";
import { Redis } from "ioredis";
import { createConnection } from "mysql2/promise";
import { onTestFinished } from "vitest";
import type { Databases } from "../support/databases.ts";
import { ElpisHome } from "../support/elpis.ts";
import { type Answer, ask } from "../support/http.ts";
import { freePort } from "../support/port.ts";
import { until } from "../support/wait.ts";

const DIR = fileURLToPath(new URL("./fixtures/shop", import.meta.url));

/** Whether the plugin is more than a name. */
export const traceIsThere: boolean = "trace" in (await import("@elpis/trace"));
if (!traceIsThere) console.log("skipped: @elpis/trace has no trace()");

/** Import statements, or `require`. */
export type Form = "esm" | "cjs";
export const FORMS: readonly Form[] = ["esm", "cjs"];

/** How the shop is started. */
export interface ShopOptions {
  readonly form?: Form;
  /** Options of `trace()`; false: it is not picked. @default a window of 300 ms */
  readonly trace?: object | false;
  /** Options of reporters, by the name of the function that makes one. */
  readonly reporters?: Readonly<Record<string, object>>;
}

/** A request that a process of the web has not answered. */
interface OpenRequest {
  readonly url: string;
  readonly traceId?: string;
  /** Who has it. */
  readonly pid: number;
  readonly index: number;
}

/** An answer, and which trace it belongs to. */
interface TracedAnswer extends Answer {
  readonly traceId: string | undefined;
  readonly body: unknown;
}

/** A shop with databases that runs until the test is over. */
export interface TracedShop {
  readonly url: string;
  /** From outside. */
  readonly client: Client<TraceTopics>;
  /** Asks for a path. */
  get(path: string): Promise<TracedAnswer>;
  /** Waits until a request is under way. */
  openRequest(path: string): Promise<OpenRequest>;
  /** Begins to ask; what it returns goes away without an answer. */
  leave(path: string): () => void;
  /** How many clients went before they were answered. */
  aborted(): Promise<number>;
  /** What the process behind the web was told to do. */
  done(): Promise<unknown>;
  /** Waits until a trace is decided on, and kept. */
  trace(traceId: string | undefined): Promise<TraceDetails>;
  list(query?: TraceQuery): Promise<TracePage>;
}

/** Decided on soon, so that tests need not wait. */
export const SOON = { window: { settle: "300ms", open: "3s" } };

/** Starts the shop, with nothing in its cache and three prices in its database. */
export async function startShop(
  databases: Databases,
  { form = "esm", trace = SOON, reporters }: ShopOptions = {},
): Promise<TracedShop> {
  const [mysql, redis, port] = [databases.port("mysql"), databases.port("redis"), await freePort()];
  await fill(mysql, redis);
  const home = await ElpisHome.create();
  onTestFinished(() => home.remove());
  const how = { form, port, mysql, redis, reporters, ...(trace !== false && { trace }) };
  const run = home.spawn(["run", DIR], { env: { SHOP: JSON.stringify(how) } });
  await run.printed("traced is up");
  const client = await connectTo("traced", { base: home.dir, location: { name: "reader" } });
  onTestFinished(() => client.close());
  return new Shop(`http://127.0.0.1:${port}`, client);
}

class Shop implements TracedShop {
  readonly url: string;
  readonly client: Client<TraceTopics>;
  readonly #any: Client;

  constructor(url: string, client: Client) {
    this.url = url;
    this.client = client as unknown as Client<TraceTopics>;
    this.#any = client;
  }

  async get(path: string): Promise<TracedAnswer> {
    const answer = await ask(this.url + path);
    const traceId = answer.headers["x-trace-id"] as string | undefined;
    return { ...answer, traceId, body: JSON.parse(answer.text) };
  }

  openRequest(path: string): Promise<OpenRequest> {
    return until(`${path} to be under way`, async () => {
      for (const { value, from } of await this.#web()) {
        const found = value.open.find(({ url }) => url === path);
        if (found !== undefined) return { ...found, pid: from.pid, index: from.index };
      }
      return false;
    });
  }

  async aborted(): Promise<number> {
    return (await this.#web()).reduce((sum, { value }) => sum + value.aborted, 0);
  }

  leave(path: string): () => void {
    const request = get(this.url + path, { agent: false });
    // That it is cut off is what is wanted.
    request.on("error", () => {});
    return () => void request.destroy();
  }

  done(): Promise<unknown> {
    return this.#any.request("stock.done", {});
  }

  trace(traceId: string | undefined): Promise<TraceDetails> {
    return until(`trace ${traceId}`, async () => {
      if (traceId === undefined) throw new Error("the answer says of no trace");
      const found = await this.client.request("elpis.trace.get", { traceId });
      if (found !== null) return found;
      throw new Error(JSON.stringify(await this.client.request("elpis.trace.stats", {})));
    });
  }

  list(query: TraceQuery = {}): Promise<TracePage> {
    return this.client.request("elpis.trace.list", query);
  }

  /** What each process of the web says of its requests. */
  async #web() {
    interface Web {
      readonly open: readonly Pick<OpenRequest, "url" | "traceId">[];
      readonly aborted: number;
    }
    const answers = await this.#any.map("shop.open", {});
    return answers.flatMap((one) => (one.ok ? [{ value: one.value as Web, from: one.from }] : []));
  }
}

async function fill(mysql: number, redis: number): Promise<void> {
  const connection = await createConnection({ host: "127.0.0.1", port: mysql, user: "root" });
  await connection.query("CREATE DATABASE IF NOT EXISTS shop");
  await connection.query(
    "CREATE TABLE IF NOT EXISTS shop.prices (sku VARCHAR(40) PRIMARY KEY, price DECIMAL(8,2), note VARCHAR(40))",
  );
  await connection.query(
    "REPLACE INTO shop.prices VALUES ('tea', 3.2, 'hot'), ('coffee', 4.5, 'black'), ('cake', 5, 'sweet')",
  );
  await connection.end();
  const cache = new Redis(redis, "127.0.0.1");
  await cache.flushall();
  await cache.quit();
}
