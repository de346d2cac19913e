import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectTo, createHub, type Hub } from "@elpis/core";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { makeApp, SILENT } from "../process/support.ts";
import { openShop } from "../shop/shop.ts";
import { ElpisHome } from "../support/elpis.ts";
import { until } from "../support/wait.ts";
import { PEER_DIR, PYTHON_ENV, python } from "./support.ts";

const TAX = join(PEER_DIR, "tax.py");
const FIXTURE = fileURLToPath(new URL("./fixtures/roles.py", import.meta.url));
const VECTORS = fileURLToPath(new URL("../../packages/protocol/vectors", import.meta.url));

/** A Python program that was started. */
interface Program {
  readonly child: ChildProcess;
  /** Waits for a text among all that it has printed. */
  printed(text: string | RegExp): Promise<void>;
  readonly ended: Promise<number | null>;
}

function run(home: string, args: readonly string[]): Program {
  const child = spawn(python as string, args, {
    env: { ...process.env, ...PYTHON_ENV, PYTHONPATH: PEER_DIR, ELPIS_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  onTestFinished(() => void child.kill("SIGKILL"));
  return {
    child,
    ended: new Promise((resolve) => child.once("close", (code) => resolve(code))),
    printed: async (wanted) => {
      await until(`${wanted} to be printed`, () => {
        if (typeof wanted === "string" ? text.includes(wanted) : wanted.test(text)) return true;
        throw new Error(text);
      });
    },
  };
}

describe.skipIf(python === undefined)("a peer in Python", () => {
  let home: ElpisHome;
  beforeEach(async () => {
    home = await ElpisHome.create();
  });
  afterEach(() => home.remove());

  async function openHub(): Promise<Hub> {
    const hub = await createHub({ name: "test", dir: join(home.dir, "test"), log: SILENT });
    onTestFinished(() => hub.close());
    return hub;
  }

  async function openRoles(hub: Hub): Promise<Program> {
    const program = run(home.dir, [FIXTURE, "test"]);
    await program.printed("ready");
    expect(await hub.client.request("py.echo", null)).toBe(null);
    return program;
  }

  it("joins with a proof and is who it says", async () => {
    const hub = await openHub();
    const { child } = await openRoles(hub);
    expect(await hub.client.peers({ name: "roles" })).toEqual([
      {
        id: expect.any(Number),
        app: "test",
        role: "worker",
        name: "roles",
        index: 2,
        pid: child.pid,
        epoch: 1,
        ready: true,
      },
    ]);
  });

  it("is refused with a wrong secret", async () => {
    const hub = await openHub();
    const file = join(home.dir, "test", "hub.json");
    const endpoint = JSON.parse(readFileSync(file, "utf8"));
    const wrong = join(home.dir, "wrong");
    mkdirSync(wrong, { mode: 0o700 });
    const text = JSON.stringify({ ...endpoint, secret: "x".repeat(43) });
    writeFileSync(join(wrong, "hub.json"), text, { mode: 0o600 });
    const program = run(home.dir, [FIXTURE, "wrong"]);
    // The hub proves itself first, so the peer is the one that notices.
    await program.printed("ELPIS_PROTOCOL_AUTH");
    expect(await program.ended).toBe(1);
    expect(await hub.client.peers()).toHaveLength(1);
    const liar = run(home.dir, [FIXTURE, "wrong", "--trusting"]);
    await liar.printed("ELPIS_PROTOCOL_AUTH");
    expect(await liar.ended).toBe(1);
    expect(hub.stats().closes).toMatchObject({ ELPIS_PROTOCOL_AUTH: 1 });
  });

  it("passes every value back", async () => {
    const hub = await openHub();
    await openRoles(hub);
    const values = [
      ...[null, true, 1, -1.5, 2 ** 40, "ä€😀", [1, ["x"]], { a: { b: [] } }],
      ...[undefined, new Date(123), 2n ** 63n, -(2n ** 70n), Buffer.from([0, 255])],
      ...[new Map<unknown, unknown>([[{ a: 1 }, "x"]]), new Set([1, "two"])],
    ];
    for (const value of values) {
      expect(await hub.client.request("py.echo", value)).toEqual(value);
    }
    const error = Object.assign(new TypeError("no"), { code: "X", details: { at: 1 } });
    expect(await hub.client.request("py.echo", error)).toMatchObject({
      ...{ name: "TypeError", message: "no", code: "X", details: { at: 1 } },
    });
  });

  it("answers for every call, exactly once: value, error, too large, not packable, cancelled", async () => {
    const hub = await openHub();
    await openRoles(hub);
    const { client } = hub;
    await expect(client.request("py.fail", null)).rejects.toMatchObject({
      ...{ code: "SOLD_OUT", name: "ElpisError", message: "no tea", details: { left: 0 } },
    });
    await expect(client.request("py.raise", null)).rejects.toMatchObject({
      ...{ code: "ELPIS_HUB_REMOTE", name: "KeyError" },
    });
    await expect(client.request("py.large", 2 ** 21)).rejects.toMatchObject({
      code: "ELPIS_HUB_TOO_LARGE",
    });
    await expect(client.request("py.function", null)).rejects.toMatchObject({ name: "TypeError" });
    await expect(client.request("py.wait", null, { timeoutMs: 50 })).rejects.toMatchObject({
      code: "ELPIS_HUB_DEADLINE",
    });
    await until("the handler to be cancelled", async () => {
      return (await client.request("py.cancelled", null)) === 1;
    });
    await until("every call to be over", () => hub.stats().openCalls === 0);
    expect(hub.stats().closes).toEqual({});
  });

  it("asks, hands over and cancels", async () => {
    const hub = await openHub();
    await openRoles(hub);
    const { client } = hub;
    let aborted = 0;
    const consumed: unknown[] = [];
    client.handle("js.double", (value: number) => value * 2);
    client.handle("js.fail", () => {
      throw Object.assign(new RangeError("far"), { code: "FAR" });
    });
    client.handle("js.wait", (_, { signal }) => {
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          aborted++;
          resolve(null);
        });
      });
    });
    client.on("js.task", (payload) => consumed.push(payload));
    const ask = (topic: string, value: unknown, more: object = {}): Promise<unknown> =>
      client.request("py.ask", { topic, value, ...more });

    expect(await ask("js.double", 21)).toEqual({ value: 42 });
    expect(await ask("js.double", 1, { to: { role: "master" } })).toEqual({ value: 2 });
    expect(await ask("js.fail", 1)).toEqual({ code: "FAR", message: "far", name: "RangeError" });
    expect(await ask("js.nobody", 1)).toMatchObject({ code: "ELPIS_HUB_NO_RESPONDER" });
    expect(await ask("js.wait", 1, { timeout: 0.05 })).toMatchObject({
      code: "ELPIS_HUB_DEADLINE",
    });
    expect(await ask("js.wait", 1, { cancel: 0.05 })).toEqual({ code: "cancelled" });
    await until("both handlers to be told", () => aborted === 2);
    expect(await ask("js.task", new Date(5), { consume: true })).toMatchObject({});
    expect(consumed).toEqual([new Date(5)]);
    // Far more than the numbers for calls and routes of one connection.
    expect(await client.request("py.many", 70_000, { timeoutMs: 50_000 })).toBe(70_000);
    await until("every call to be over", () => hub.stats().openCalls === 0);
    expect(hub.stats().closes).toEqual({});
  });

  it("hears events in order, and tells them", async () => {
    const hub = await openHub();
    await openRoles(hub);
    const heard: unknown[] = [];
    hub.client.on("py.told", (payload, { from }) => heard.push([from.name, payload]));
    for (let number = 0; number < 100; number++) await hub.client.emit("js.news", number);
    const expected = Array.from({ length: 100 }, (_, number) => ["master", number]);
    expect(await hub.client.request("py.heard", null)).toEqual(expected);
    expect(heard).toEqual(expected.map(([, number]) => ["roles", number]));
  });

  it("that is killed fails its calls at once; one that leaves says goodbye", async () => {
    const hub = await openHub();
    const { child } = await openRoles(hub);
    const call = hub.client.request("py.wait", null, { timeoutMs: 60_000 });
    // Behind it in line: when this is answered, the call is there.
    await hub.client.request("py.echo", null);
    child.kill("SIGKILL");
    await expect(call).rejects.toMatchObject({ code: "ELPIS_HUB_PEER_LOST" });
    expect(await hub.client.peers({ name: "roles" })).toEqual([]);

    const second = await openRoles(hub);
    await hub.client.emit("js.leave", null);
    expect(await second.ended).toBe(0);
  });

  it("learns why the hub has gone", async () => {
    const hub = await openHub();
    const program = await openRoles(hub);
    await hub.close();
    await program.printed("ELPIS_HUB_CLOSED");
    expect(await program.ended).toBe(1);
  });

  it("reads every value and every frame of the vectors", () => {
    const check = fileURLToPath(new URL("./check_vectors.py", import.meta.url));
    const { stdout, stderr } = spawnSync(python as string, [check, PEER_DIR, VECTORS], {
      encoding: "utf8",
      env: { ...process.env, ...PYTHON_ENV },
    });
    expect(stderr).toBe("");
    const { values, frames, wrong } = JSON.parse(stdout);
    expect(wrong).toEqual([]);
    expect(values).toBeGreaterThan(150);
    expect(frames).toBeGreaterThan(30);
  });

  it("is supervised: joins over the inherited socket, is ready when it says so, and is replaced", async () => {
    const app = makeApp(
      {},
      {
        env: { ...PYTHON_ENV, PYTHONPATH: PEER_DIR },
        processes: { office: { command: [python as string, FIXTURE], scale: 2 } },
      },
    );
    await app.master.start();
    const { client } = app.master.hub;
    const offices = await until("both to be ready", async () => {
      const peers = await client.peers({ name: "office" });
      return peers.filter(({ ready }) => ready).length === 2 && peers;
    });
    expect(offices.map(({ role, index, epoch }) => [role, index, epoch]).sort()).toEqual([
      ["worker", 0, 1],
      ["worker", 1, 1],
    ]);
    const of = (name: string): number[] => app.of(name).map(({ pid }) => pid as number);
    expect(offices.map(({ pid }) => pid).sort()).toEqual(of("office").sort());
    const answers = await client.map("py.environment", null);
    for (const answer of answers) expect(answer).toMatchObject({ ok: true, value: [] });

    const [victim] = offices;
    const to = { id: victim?.id as number };
    const call = client.request("py.wait", null, { to, timeoutMs: 60_000 });
    await client.request("py.echo", null, { to });
    process.kill(victim?.pid as number, "SIGKILL");
    await expect(call).rejects.toMatchObject({ code: "ELPIS_HUB_PEER_LOST" });
    await until("its replacement", async () => {
      const peers = await client.peers({ name: "office", index: victim?.index as number });
      return peers.some(({ epoch, ready }) => epoch === 2 && ready);
    });
  });
});

describe.skipIf(python === undefined)("the tax office of the shop", () => {
  it("asks the agent, passes its errors on, and hears of prices", async () => {
    const shop = await openShop();
    onTestFinished(() => shop.home.remove());
    const tax = run(shop.home.dir, [TAX, "shop"]);
    await tax.printed("is open");
    const tool = await connectTo("shop", { base: shop.home.dir, log: SILENT });
    onTestFinished(() => tool.close());
    const answer = await until("its handlers", () => tool.request("tax.of", { sku: "tea" }));
    expect(answer).toEqual({ price: 3.2, rate: 0.07, tax: 0.22, pid: tax.child.pid });
    await expect(tool.request("tax.of", { sku: "gin" })).rejects.toMatchObject({
      code: "SHOP_UNKNOWN_SKU",
    });
    await tool.emit("price.changed", { sku: "cake", price: 6 });
    await tax.printed("peer says: cake costs 6 now");
    tax.child.kill("SIGTERM");
    expect(await tax.ended).toBe(0);
  });
});
