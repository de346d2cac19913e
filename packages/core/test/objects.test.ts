import { inspect } from "node:util";
import type { Client, ElpisError } from "@elpis/api";
import { describe, expect, test } from "vitest";
import { createLogger, type Hub } from "../src/index.ts";
import { Objects } from "../src/objects/objects.ts";
import { deferred, joinHub, joinThroughValve, startHub } from "./support/hub-kit.ts";

const log = createLogger({ level: "silent" });

class Shop {
  readonly name: string;
  secret = "hidden";
  calls = 0;
  constructor(name = "shop") {
    this.name = name;
  }
  who(): string {
    this.calls++;
    return this.name;
  }
  async echo(...values: unknown[]): Promise<unknown> {
    return values.length === 1 ? values[0] : values;
  }
  fail(how: unknown): never {
    throw Object.assign(new Error("no tea left"), how);
  }
  wipe(): void {
    this.calls++;
  }
}

async function objectsOf(hub: Hub, name: string): Promise<{ client: Client; objects: Objects }> {
  const client = await joinHub(hub, name);
  return { client, objects: new Objects(client, log) };
}

/** A hub with one who publishes and one who calls. */
async function pair() {
  const hub = await startHub();
  const [host, caller] = [await objectsOf(hub, "host"), await objectsOf(hub, "caller")];
  return { hub, host, caller, proxy: caller.objects.proxy<Shop>("shop") };
}

async function failure(promise: Promise<unknown>): Promise<ElpisError> {
  const result = await promise.then(
    () => "it did not fail",
    (error: ElpisError) => error,
  );
  if (typeof result === "string") throw new Error(result);
  return result;
}

describe("objects", () => {
  test("can be called by others as soon as publishing has resolved", async () => {
    const { host, caller } = await pair();
    // The route is known to the hub, so nothing delays the call.
    for (let round = 0; round < 100; round++) {
      const proxy = caller.objects.proxy<Shop>(`shop-${round}`);
      await failure(proxy.who());
      await host.objects.publish(`shop-${round}`, new Shop(), { methods: ["who"] });
      expect(await proxy.who()).toBe("shop");
    }
  });

  test("publishing resolves no earlier than the hub knows of it", async () => {
    const hub = await startHub();
    const { client, shut } = await joinThroughValve(hub, "host");
    const caller = await objectsOf(hub, "caller");
    shut("to hub");
    let isDone = false;
    const publishing = new Objects(client, log).publish("shop", new Shop(), { methods: ["who"] });
    const over = publishing.then(
      () => {
        isDone = true;
      },
      () => {},
    );
    const { code } = await failure(caller.objects.proxy<Shop>("shop").who());
    expect([code, isDone]).toEqual(["ELPIS_HUB_NO_RESPONDER", false]);
    await client.close();
    await over;
  });

  test.each([[0], [false], [""], [null], [undefined], [Number.NaN], [[]], [[undefined, 0]]])(
    "pass %j on, there and back",
    async (value) => {
      const { host, proxy } = await pair();
      await host.objects.publish("shop", new Shop(), { methods: ["echo"] });
      expect(await proxy.echo(value)).toEqual(value);
      expect(await proxy.echo(value, value)).toEqual([value, value]);
    },
  );

  test("throw what their methods throw, as handlers do", async () => {
    const { host, proxy } = await pair();
    await host.objects.publish("shop", new Shop(), { methods: ["fail"] });
    expect(
      await failure(proxy.fail({ code: "SHOP_EMPTY", details: { sku: "tea" } })),
    ).toMatchObject({
      code: "SHOP_EMPTY",
      message: "no tea left",
      details: { sku: "tea" },
    });
    // A code of ours that is about something else would be misread.
    const code = "ELPIS_OBJECT_NO_METHOD";
    for (const details of [{}, { object: "other" }, { object: "shops" }]) {
      expect((await failure(proxy.fail({ code, details }))).code).toBe("ELPIS_HUB_REMOTE");
    }
  });

  test("have their properties read and themselves described", async () => {
    const { host, proxy } = await pair();
    await host.objects.publish("shop", new Shop(), { methods: ["who"], properties: ["name"] });
    expect(await proxy.$get("name")).toBe("shop");
    const denied = await failure(proxy.$get("secret"));
    expect(denied).toMatchObject({
      code: "ELPIS_OBJECT_NO_PROPERTY",
      details: { object: "shop", property: "secret" },
    });
    expect(await proxy.$describe()).toEqual({ methods: ["who"], properties: ["name"], events: [] });
  });

  test("refuse what was not published, whoever asks, however", async () => {
    const { host, caller, proxy } = await pair();
    const shop = new Shop();
    await host.objects.publish("shop", shop, { methods: ["who"], properties: ["name"] });
    const wire = (input: unknown) => failure(caller.client.request("elpis.object.shop", input));
    const remote = async (input: unknown) =>
      ((await wire(input)).details.remote as { code: string }).code;
    for (const name of [
      ...Object.getOwnPropertyNames(Object.prototype),
      "then",
      "prototype",
      "wipe",
      "calls",
      "name",
      "",
      "who\0",
    ]) {
      expect(await remote(["call", name, []])).toBe("ELPIS_OBJECT_NO_METHOD");
      if (name !== "name") expect(await remote(["get", name])).toBe("ELPIS_OBJECT_NO_PROPERTY");
    }
    for (const input of [
      undefined,
      "who",
      { op: "call" },
      [],
      ["who"],
      ["apply", "who", []],
      ["call", ["who"], []],
      ["call", "who", "none"],
      ["call", "who", Array.from({ length: 65 }, () => 0)],
    ]) {
      expect(await remote(input)).toBe("ELPIS_OBJECT_BAD_CALL");
    }
    expect(shop.calls).toBe(0);
    expect((await failure((proxy as unknown as { wipe(): Promise<void> }).wipe())).code).toBe(
      "ELPIS_OBJECT_NO_METHOD",
    );
    const many = Array.from({ length: 65 }, () => 0);
    expect((await failure(proxy.echo(...many))).code).toBe("ELPIS_OBJECT_BAD_CALL");
    expect(await proxy.who()).toBe("shop");
  });

  test("are reached by exactly their tag, or by their name whatever the tag", async () => {
    const { hub, host, caller } = await pair();
    const other = await objectsOf(hub, "other");
    const methods = ["who"] as const;
    await host.objects.publish("shop", new Shop("one"), { methods, tag: "v1" });
    await host.objects.publish("shop", new Shop("two"), { methods, tag: "v2" });
    await other.objects.publish("shop", new Shop("more"), { methods, tag: "v2" });
    await other.objects.publish("shop", new Shop("plain"), { methods });
    const heard = async (tag?: string): Promise<string[]> => {
      const proxy = caller.objects.proxy<Shop>("shop", tag === undefined ? {} : { tag });
      const names = new Set<string>();
      for (let n = 0; n < 24; n++) names.add(await proxy.who());
      return [...names].sort();
    };
    expect(await heard("v1")).toEqual(["one"]);
    expect(await heard("v2")).toEqual(["more", "two"]);
    expect(await heard()).toEqual(["more", "one", "plain", "two"]);
    expect((await failure(heard("v"))).code).toBe("ELPIS_HUB_NO_RESPONDER");
    expect((await caller.objects.proxy("shop", { tag: "v1" }).$describe()).tag).toBe("v1");
  });

  test("that share a name do what they can: a call goes to one that has the method", async () => {
    const { host, caller } = await pair();
    await host.objects.publish("shop", { left: () => "left" }, { methods: ["left"], tag: "a" });
    await host.objects.publish("shop", { right: () => "right" }, { methods: ["right"], tag: "b" });
    const proxy = caller.objects.proxy<{ left(): string; right(): string }>("shop");
    for (let n = 0; n < 5; n++) {
      expect([await proxy.left(), await proxy.left()]).toEqual(["left", "left"]);
      expect(await proxy.right()).toBe("right");
    }
  });

  test("may have one name once for each tag, and are gone when taken back", async () => {
    const { host, caller, proxy } = await pair();
    const methods = ["who"] as const;
    const off = await host.objects.publish("shop", new Shop("first"), { methods });
    const offTag = await host.objects.publish("shop", new Shop("tag"), { methods, tag: "v1" });
    for (const tag of [{}, { tag: "v1" }]) {
      const twice = host.objects.publish("shop", new Shop(), { methods, ...tag });
      expect((await failure(twice)).code).toBe("ELPIS_HUB_DUPLICATE_HANDLER");
    }
    off();
    off();
    for (let n = 0; n < 4; n++) expect(await proxy.who()).toBe("tag");
    offTag();
    await host.client.peers();
    expect((await failure(proxy.who())).code).toBe("ELPIS_HUB_NO_RESPONDER");
    await host.objects.publish("shop", new Shop("again"), { methods, tag: "v1" });
    expect(await caller.objects.proxy<Shop>("shop", { tag: "v1" }).who()).toBe("again");
  });

  test("that cannot be published leave nothing behind", async () => {
    const { host, proxy } = await pair();
    const refused = (options: object, name = "shop") =>
      failure(host.objects.publish(name, new Shop(), options as { methods: [] }));
    expect((await refused({ methods: ["then"] })).code).toBe("ELPIS_OBJECT_BAD_MEMBER");
    expect((await refused({ concurrency: 0 })).code).toBe("ELPIS_HUB_BAD_ARGUMENT");
    expect((await refused({}, "a#b")).code).toBe("ELPIS_OBJECT_BAD_NAME");
    // A topic of it is taken by something that was not published.
    for (const tag of ["", "#v1"]) {
      const takes = [
        () => host.client.handle(`elpis.object.shop${tag}`, () => "mine"),
        () => host.client.serve(`elpis.events.shop${tag}`, () => []),
      ];
      for (const take of takes) {
        const off = take();
        const clash = await refused({ methods: ["who"], tag: "v1" });
        expect(clash.code).toBe("ELPIS_HUB_DUPLICATE_HANDLER");
        off();
      }
    }
    await host.client.peers();
    expect((await failure(proxy.who())).code).toBe("ELPIS_HUB_NO_RESPONDER");
    await host.objects.publish("shop", new Shop(), { methods: ["who"], tag: "v1" });
    expect(await proxy.who()).toBe("shop");
  });

  test("publishing fails when nobody can be told of it", async () => {
    const { host } = await pair();
    await host.client.close();
    const late = host.objects.publish("shop", new Shop(), { methods: ["who"] });
    expect((await failure(late)).code).toBe("ELPIS_HUB_CLOSED");
  });

  test("run as many calls at once as they want, under all of their topics together", async () => {
    const { host, caller } = await pair();
    const gates: Array<() => void> = [];
    let most = 0;
    const slow = {
      work: async () => {
        const { promise, resolve } = deferred();
        gates.push(resolve);
        most = Math.max(most, gates.length);
        await promise;
        gates.splice(gates.indexOf(resolve), 1);
      },
      after: () => "free",
    };
    const options = { methods: ["work", "after"] as const, tag: "v1", concurrency: 2 };
    await host.objects.publish("slow", slow, options);
    const proxies = [{}, { tag: "v1" }].map((tag) =>
      caller.objects.proxy<typeof slow>("slow", tag),
    );
    const calls = proxies.flatMap((proxy) => [proxy.work(), proxy.work(), proxy.after()]);
    // Names that are not there, and looks, need not wait.
    expect((await proxies[0]?.$describe())?.methods).toEqual(["work", "after"]);
    while (gates.length > 0) {
      gates[0]?.();
      await host.client.peers();
    }
    await Promise.all(calls);
    expect(most).toBe(2);
  });
});

describe("a proxy", () => {
  test("is not thenable, and holds no names that others look for by themselves", async () => {
    const { caller } = await pair();
    const proxy = caller.objects.proxy<Shop>("nobody");
    const found = await Promise.resolve(proxy);
    expect(found === proxy).toBe(true);
    const any = proxy as unknown as Record<string | symbol, unknown>;
    for (const name of [
      ...Object.getOwnPropertyNames(Object.prototype),
      "then",
      "toJSON",
      "prototype",
      "$other",
      Symbol.toPrimitive,
      Symbol.iterator,
      inspect.custom,
    ]) {
      expect(any[name]).toBeUndefined();
    }
    expect(JSON.stringify({ proxy })).toBe('{"proxy":{}}');
    expect(Object.getPrototypeOf(proxy)).toBeNull();
  });

  test("has each method once, and cannot be changed", async () => {
    const { caller } = await pair();
    const proxy = caller.objects.proxy<Shop>("shop");
    expect(proxy.who).toBe(proxy.who);
    expect(proxy.who).not.toBe(proxy.echo);
    const any = proxy as unknown as Record<string, unknown>;
    expect(() => {
      any.who = () => "mine";
    }).toThrow(TypeError);
    expect(() => Object.defineProperty(any, "who", { value: 1 })).toThrow(TypeError);
    expect(() => delete any.who).not.toThrow(ReferenceError);
    expect(() => Object.setPrototypeOf(any, Shop.prototype)).toThrow(TypeError);
    expect(() => Object.freeze(any)).toThrow(TypeError);
  });

  test("can be looked at", async () => {
    const { caller } = await pair();
    expect(inspect(caller.objects.proxy("shop"))).toBe("Remote(shop)");
    const tagged = caller.objects.proxy("shop", { tag: "v1" });
    expect(inspect({ tagged }, { showProxy: false })).toBe("{ tagged: Remote(shop#v1) }");
    expect(() => inspect(tagged, { showProxy: true, showHidden: true })).not.toThrow();
  });

  test("passes its options on", async () => {
    const { hub, host, caller } = await pair();
    const other = await objectsOf(hub, "other");
    const blocker = deferred();
    const slow = { name: () => "other", wait: () => blocker.promise };
    await host.objects.publish("o", { name: () => "host" }, { methods: ["name"] });
    await other.objects.publish("o", slow, { methods: ["name", "wait"] });
    const to = { name: "other" };
    const { id } = other.client.location;
    for (const where of [to, { id }]) {
      const proxy = caller.objects.proxy<typeof slow>("o", { to: where, timeoutMs: 20 });
      for (let n = 0; n < 4; n++) expect(await proxy.name()).toBe("other");
      expect((await failure(proxy.wait())).code).toBe("ELPIS_HUB_DEADLINE");
    }
    blocker.resolve();
  });

  test("is refused at once when it makes no sense", async () => {
    const { caller } = await pair();
    const make = (name: string, options: object) => () => caller.objects.proxy(name, options);
    const refused = (code: string) => expect.objectContaining({ code });
    expect(make("a#b", {})).toThrow(refused("ELPIS_OBJECT_BAD_NAME"));
    expect(make("a", { tag: "" })).toThrow(refused("ELPIS_OBJECT_BAD_NAME"));
    expect(make("a", { to: { nme: "web" } })).toThrow(refused("ELPIS_HUB_BAD_ARGUMENT"));
    expect(make("a", { to: "web" })).toThrow(refused("ELPIS_HUB_BAD_ARGUMENT"));
  });
});
