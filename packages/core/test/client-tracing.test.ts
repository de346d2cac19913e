import { AsyncLocalStorage } from "node:async_hooks";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client, HubTracing, Location, TracedMessage } from "@elpis/api";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect } from "../src/connect.ts";
import { createHub, type Hub } from "../src/hub/hub.ts";
import { createLogger } from "../src/logger.ts";

const log = createLogger({ level: "silent" });

/** Has a text travel with every message, and notes what it is told. */
class Follower implements HubTracing {
  readonly store = new AsyncLocalStorage<string>();
  readonly notes: string[] = [];
  #waiting: Array<() => void> = [];

  leaving(message: TracedMessage): ReturnType<HubTracing["leaving"]> {
    const text = `${this.store.getStore() ?? "nothing"}>${message.verb}`;
    this.#note(`leaves ${nameOf(message)}`);
    return {
      extension: padded(text),
      ended: (error, from) => {
        const by = from === undefined ? "" : ` by ${from.name}`;
        this.#note(`left ${nameOf(message)}${by}${codeOf(error)}`);
      },
    };
  }

  arriving(
    message: TracedMessage,
    from: Location,
    extension: Uint8Array | undefined,
  ): ReturnType<HubTracing["arriving"]> {
    const text = extension === undefined ? "none" : Buffer.from(extension).toString().trimEnd();
    this.#note(`comes ${nameOf(message)} from ${from.name} with ${text}`);
    return {
      run: (work) => this.store.run(text, work),
      ended: (error) => this.#note(`done ${nameOf(message)}${codeOf(error)}`),
    };
  }

  async has(note: string): Promise<void> {
    while (!this.notes.includes(note)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #note(text: string): void {
    this.notes.push(text);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

const padded = (text: string): Uint8Array =>
  Buffer.from(text.padEnd(Math.ceil(text.length / 4) * 4));
const nameOf = ({ verb, topic, member }: TracedMessage): string =>
  [verb, topic, ...(member === undefined ? [] : [member])].join(" ");
const codeOf = (error: unknown): string =>
  error === undefined ? "" : ` with ${(error as { code?: string }).code ?? String(error)}`;

let dir: string;
let hub: Hub;
let asks: Client;
let does: Client;
let follower: Follower;
const open: Client[] = [];

async function peer(name: string): Promise<Client> {
  const client = await connect({ path: hub.path, secret: hub.secret, location: { name }, log });
  open.push(client);
  return client;
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "elpis-follow-"));
  hub = await createHub({ name: "follow", dir, log });
  asks = await peer("asks");
  does = await peer("does");
  follower = new Follower();
  asks.useTracing(follower);
  does.useTracing(follower);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
  await hub.close();
  rmSync(dir, { recursive: true, force: true });
});

/** What a handler is within, after a turn. */
async function within(): Promise<string | undefined> {
  await null;
  return follower.store.getStore();
}

const ask = <Answer>(work: () => Promise<Answer>): Promise<Answer> =>
  follower.store.run("start", work);

describe("whoever follows messages", () => {
  test("has something travel with a request, in both the caller's and the handler's context", async () => {
    does.handle("price", within);
    expect(await ask(() => asks.request("price", {}))).toBe("start>request");
    expect(follower.notes).toEqual([
      "leaves request price",
      "comes request price from asks with start>request",
      "done request price",
      "left request price by does",
    ]);
  });

  test("hears how a request failed, on both sides", async () => {
    does.handle("price", async () => {
      throw Object.assign(new Error("no"), { code: "NO_PRICE" });
    });
    await expect(ask(() => asks.request("price", {}))).rejects.toThrow();
    expect(follower.notes).toContain("done request price with NO_PRICE");
    expect(follower.notes).toContain("left request price by does with NO_PRICE");
  });

  test("hears of a deadline, and of one who is not there", async () => {
    does.handle("slow", () => new Promise(() => {}));
    await expect(asks.request("slow", {}, { timeoutMs: 30 })).rejects.toThrow();
    await expect(asks.request("nobody", {})).rejects.toThrow();
    expect(follower.notes).toContain("left request slow with ELPIS_HUB_DEADLINE");
    expect(follower.notes).toContain("left request nobody with ELPIS_HUB_NO_RESPONDER");
  });

  test("hears once of a call that waited for its turn and is not wanted any more", async () => {
    let go = (): void => {};
    const first = new Promise<void>((resolve) => {
      go = resolve;
    });
    does.handle("narrow", () => first, { concurrency: 1 });
    const one = asks.request("narrow", {});
    const controller = new AbortController();
    const two = asks.request("narrow", {}, { signal: controller.signal });
    await follower.has("comes request narrow from asks with nothing>request");
    controller.abort();
    await expect(two).rejects.toThrow();
    await follower.has("done request narrow with ELPIS_HUB_CANCELLED");
    go();
    await one;
    expect(follower.notes.filter((note) => note.startsWith("done request"))).toHaveLength(2);
  });

  test("follows map, consume, events and calls of objects", async () => {
    does.handle("stats", within);
    const answers = await ask(() => asks.map("stats", {}));
    expect(answers.map((one) => one.ok && one.value)).toEqual(["start>map"]);

    let heard: string | undefined;
    does.on("warm", async () => {
      heard = await within();
    });
    await ask(() => asks.consume("warm", {}));
    expect(heard).toBe("start>consume");
    await ask(() => asks.emit("warm", {}));
    await follower.has("done emit warm");
    expect(heard).toBe("start>emit");
    await ask(() => asks.emit("warm", {}, { report: true }));
    await follower.has("comes emit warm from asks with start>emit");

    await does.publish("cache", { get: within }, { methods: ["get"] });
    const cache = asks.proxy<{ get(): Promise<string> }>("cache");
    expect(await ask(() => cache.get())).toBe("start>call");
    expect(follower.notes).toContain("comes call cache get from asks with start>call");
  });

  test("runs a stream's generator in its context, whoever makes it go on", async () => {
    does.serve("rows", async function* () {
      for (let row = 0; row < 20; row++) yield await within();
    });
    const rows: unknown[] = [];
    const stream = follower.store.run("start", () => asks.stream("rows", {}, { window: 2 }));
    for await (const row of stream) rows.push(row);
    expect(rows).toEqual(Array.from({ length: 20 }, () => "start>stream"));
    await follower.has("left stream rows");
    expect(follower.notes.filter((note) => note === "done stream rows")).toHaveLength(1);
  });

  test("follows a job to whoever works on it, also when the hub was started again in between", async () => {
    await ask(() => asks.enqueue("mail", { to: "you" }, { level: "durable" }));
    await Promise.all(open.splice(0).map((client) => client.close()));
    await hub.close();
    hub = await createHub({ name: "follow", dir, log });
    does = await peer("does");
    does.useTracing(follower);
    let found: string | undefined;
    does.work("mail", async () => {
      found = await within();
    });
    await follower.has("done enqueue mail");
    expect(found).toBe("start>enqueue");
    expect(follower.notes).toContain("comes enqueue mail from asks with start>enqueue");
  });

  test("finds what travels again where a call went on to somebody else", async () => {
    const other = await peer("other");
    other.useTracing(follower);
    // Both are asked in turn; one ends just as its call is on its way.
    other.handle("price", within);
    const off = does.handle("price", within);
    const all = Array.from({ length: 8 }, () => ask(() => asks.request("price", { at: [1, 2] })));
    off();
    expect(new Set(await Promise.all(all))).toEqual(new Set(["start>request"]));
  });

  test("is kept with a call that waits for the hub or for somebody", async () => {
    const asked = ask(() => asks.request("later", {}, { absent: "wait" }));
    does.handle("later", within);
    expect(await asked).toBe("start>request");
  });

  test("is not told of Elpis' own messages", async () => {
    asks.handle("elpis.test.own", () => 1);
    await does.request("elpis.test.own", {});
    await does.config.set("rates", 1);
    await does.jobs.stats();
    expect(follower.notes).toEqual([]);
  });

  test("can be let go; a message without anything to travel comes with nothing", async () => {
    const bare = await peer("bare");
    does.handle("price", within);
    expect(await bare.request("price", {})).toBe("none");
    expect(follower.notes[0]).toBe("comes request price from bare with none");
    const off = does.useTracing(follower);
    off();
    expect(await bare.request("price", {})).toBeUndefined();
  });
});
