import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { readCall } from "../src/objects/call.ts";
import { Exposed } from "../src/objects/exposed.ts";
import { checkObjectName } from "../src/objects/names.ts";

class Base {
  protected total = 0;
  inherited(): string {
    return "of the class below";
  }
}

class Counter extends Base {
  limit = 0;
  label: unknown = "";
  touched = 0;
  override inherited(): string {
    return `${super.inherited()}, and above`;
  }
  add(...numbers: number[]): number {
    for (const number of numbers) this.total += number;
    return this.total;
  }
  chain(): this {
    return this;
  }
  async chainLater(): Promise<this> {
    return this;
  }
  hidden(): void {
    this.touched++;
  }
  get double(): number {
    return this.total * 2;
  }
  get trap(): () => void {
    this.touched++;
    return () => {};
  }
}

// Names are strings on the wire; the types that keep them in check are not there.
const expose = (object: object, options: object): Exposed =>
  new Exposed("counter", object, options as never);

const refused = (what: string) =>
  expect.objectContaining({
    code: "ELPIS_OBJECT_BAD_MEMBER",
    message: expect.stringContaining(what),
  });

describe("Exposed", () => {
  test("calls own and inherited methods on the object, with all arguments", () => {
    const exposed = expose(new Counter(), { methods: ["add", "inherited"] });
    expect(exposed.call("add", [1, 2, 3])).toBe(6);
    expect(exposed.call("add", [])).toBe(6);
    expect(exposed.call("inherited", [])).toBe("of the class below, and above");
    expect(expose({ own: () => 1 }, { methods: ["own"] }).call("own", [])).toBe(1);
  });

  test.each([
    "hidden",
    "constructor",
    "__proto__",
    "prototype",
    "then",
    "toString",
    "hasOwnProperty",
    "__defineGetter__",
    "valueOf",
    "",
    "$get",
  ])("a method %j that was not named never reaches the object", (name) => {
    const counter = new Counter();
    const exposed = expose(counter, { methods: ["add"], properties: ["limit"] });
    const missing = expect.objectContaining({ code: "ELPIS_OBJECT_NO_METHOD" });
    expect(() => exposed.call(name, [])).toThrow(missing);
    expect(exposed.hasMethod(name)).toBe(false);
    expect(() => exposed.get(name)).toThrow(
      expect.objectContaining({ code: "ELPIS_OBJECT_NO_PROPERTY" }),
    );
    expect(counter.touched).toBe(0);
  });

  test.each([
    "constructor",
    "__proto__",
    "prototype",
    "then",
    "toJSON",
    "toString",
    "valueOf",
    "hasOwnProperty",
    "$get",
    "",
    42,
    Symbol("method"),
    null,
  ])("refuses to publish %s, as method or property", (name) => {
    const object = new Proxy(
      {},
      { getOwnPropertyDescriptor: () => ({ value: () => {}, configurable: true }) },
    );
    expect(() => expose(object, { methods: [name] })).toThrow(refused("cannot use"));
    expect(() => expose(object, { properties: [name] })).toThrow(refused("cannot use"));
  });

  test("refuses methods that are none, without running accessors", () => {
    const counter = new Counter();
    expect(() => expose(counter, { methods: ["missing"] })).toThrow(refused("missing"));
    expect(() => expose(counter, { methods: ["limit"] })).toThrow(refused("limit"));
    expect(() => expose(counter, { methods: ["trap"] })).toThrow(refused("trap"));
    // What every function has is not of this one.
    expect(() => expose(() => {}, { methods: ["call"] })).toThrow(refused("call"));
    expect(counter.touched).toBe(0);
  });

  test("the table is made when it is published: what is put on the object later is not in it", () => {
    const counter = new Counter();
    const exposed = expose(counter, { methods: ["add"] });
    Object.assign(counter, { add: () => -1, late: () => -1 });
    expect(exposed.call("add", [4])).toBe(4);
    expect(() => exposed.call("late", [])).toThrow("late");
  });

  test("reads properties that were named, present values and accessors, never functions", () => {
    const counter = new Counter();
    const exposed = expose(counter, { properties: ["limit", "double", "label", "later"] });
    counter.add(4);
    counter.limit = 9;
    expect([exposed.get("limit"), exposed.get("double"), exposed.get("later")]).toEqual([
      9,
      8,
      undefined,
    ]);
    counter.label = () => "a function now";
    expect(() => exposed.get("label")).toThrow("label");
    expect(() => exposed.get("total")).toThrow("total");
    expect(() => expose(counter, { properties: ["add"] })).toThrow(refused("not a property"));
  });

  test("a method that returns its object does not give its fields away", async () => {
    const exposed = expose(new Counter(), { methods: ["chain", "chainLater"] });
    expect(exposed.call("chain", [])).toBeUndefined();
    expect(await exposed.call("chainLater", [])).toBeUndefined();
  });

  test("events need a way to subscribe, and names that are texts", () => {
    expect(() => expose({}, { events: ["tick"] })).toThrow(refused("subscribe"));
    expect(() => expose({ on() {} }, { events: ["tick"] })).toThrow(refused("subscribe"));
    expect(() => expose(new EventEmitter(), { events: [1] })).toThrow(refused("not a text"));
    expect(expose(new EventEmitter(), { events: ["tick"] }).hasEvent("tick")).toBe(true);
    expect(expose({ subscribe() {}, unsubscribe() {} }, { events: ["a"] }).hasEvent("b")).toBe(
      false,
    );
  });

  test("describes what was named and nothing else", () => {
    const exposed = expose(new Counter(), { methods: ["add"], properties: ["limit"], tag: "v1" });
    expect(exposed.description).toEqual({
      methods: ["add"],
      properties: ["limit"],
      events: [],
      tag: "v1",
    });
    expect(expose({}, {}).description).toEqual({ methods: [], properties: [], events: [] });
  });

  test.each([null, undefined, 1, "text"])("refuses %s as an object", (object) => {
    expect(() => expose(object as never, {})).toThrow(refused("not an object"));
  });

  test("refuses names that are not in a list", () => {
    expect(() => expose({}, { methods: "add" })).toThrow(refused("not a list"));
  });
});

describe("names of objects", () => {
  test.each([
    ["timer", undefined],
    ["a".repeat(128), "t".repeat(64)],
    ["constructor", "__proto__"],
  ])("takes %s with tag %s", (name, tag) => {
    expect(() => checkObjectName(name, tag)).not.toThrow();
  });

  test.each([
    ["", undefined],
    ["a#b", undefined],
    ["a".repeat(129), undefined],
    ["ä".repeat(65), undefined],
    [7, undefined],
    ["timer", ""],
    ["timer", "a#b"],
    ["timer", "t".repeat(65)],
    ["timer", null],
  ])("refuses %s with tag %s", (name, tag) => {
    expect(() => checkObjectName(name, tag)).toThrow(
      expect.objectContaining({ code: "ELPIS_OBJECT_BAD_NAME" }),
    );
  });
});

describe("a call from the wire", () => {
  test("is read", () => {
    expect(readCall("o", ["call", "add", [1]])).toEqual({ op: "call", member: "add", args: [1] });
    expect(readCall("o", ["get", "limit"])).toEqual({ op: "get", member: "limit", args: [] });
    expect(readCall("o", ["describe"])).toEqual({ op: "describe", member: "", args: [] });
  });

  test.each([
    [undefined],
    [null],
    ["call"],
    [{ op: "call" }],
    [[]],
    [["apply", "add", []]],
    [["__proto__", "add", []]],
    [["call"]],
    [["call", 1, []]],
    [["call", ["add"], []]],
    [["call", "add"]],
    [["call", "add", "args"]],
    [["call", "add", { length: 1, 0: 1 }]],
    [["call", "add", Array.from({ length: 65 }, () => 0)]],
    [["get"]],
    [["get", null]],
  ])("is refused: %j", (input) => {
    expect(() => readCall("o", input)).toThrow(
      expect.objectContaining({ code: "ELPIS_OBJECT_BAD_CALL" }),
    );
  });
});
