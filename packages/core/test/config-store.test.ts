import { describe, expect, test } from "vitest";
import { CONFIG_LIMITS, ConfigStore } from "../src/config/config-store.ts";
import type { ConfigItem } from "../src/config/config-wire.ts";
import { Watcher } from "../src/config/watcher.ts";
import { Watchers } from "../src/config/watchers.ts";
import { packOpaque, unpackOpaque } from "../src/wire/opaque.ts";
import { Random } from "./support/random.ts";

const bytes = (size: number, fill = 0): Uint8Array => new Uint8Array(size).fill(fill);
const refused = (code: string) => expect.objectContaining({ code: `ELPIS_CONFIG_${code}` });

describe("ConfigStore", () => {
  test("keeps copies, with a version that grows with every change", () => {
    const store = new ConfigStore();
    const value = bytes(3, 7);
    expect(store.set("a", value).version).toBe(1);
    value.fill(0);
    expect(store.get("a")).toEqual({ version: 1, value: Buffer.alloc(3, 7) });
    expect(store.set("a", bytes(3, 7)).version).toBe(2);
    expect(store.delete("a")).toBe(true);
    expect([store.delete("a"), store.get("a"), store.version]).toEqual([false, undefined, 3]);
  });

  test("a value that came as a part of something larger does not keep that alive", () => {
    const store = new ConfigStore();
    store.set("a", Buffer.alloc(65_536).subarray(10, 20));
    expect(store.get("a")?.value.buffer.byteLength).toBe(10);
  });

  test("names that objects have by themselves are keys as any other", () => {
    const store = new ConfigStore();
    for (const key of ["__proto__", "constructor", "toString"]) {
      expect(store.get(key)).toBeUndefined();
      store.set(key, bytes(1, 1));
      expect(store.get(key)?.value).toEqual(Buffer.alloc(1, 1));
    }
    expect([...store.keys()]).toEqual(["__proto__", "constructor", "toString"]);
  });

  test.each<[unknown]>([[""], ["a".repeat(256)], ["ä".repeat(128)], [7], [null], [["a"]]])(
    "refuses the key %j",
    (key) => {
      const store = new ConfigStore();
      expect(() => store.set(key, bytes(1))).toThrow(refused("BAD_KEY"));
      expect(() => store.get(key)).toThrow(refused("BAD_KEY"));
      expect(() => store.delete(key)).toThrow(refused("BAD_KEY"));
      expect(store.size).toBe(0);
    },
  );

  test.each([["text"], [undefined], [null], [{ length: 1 }], [[1]]])(
    "refuses the value %j",
    (value) => {
      expect(() => new ConfigStore().set("a", value)).toThrow(refused("BAD_VALUE"));
    },
  );

  test("has bounds for a value, for keys, and for all together", () => {
    const { maxKeyBytes, maxValueBytes } = CONFIG_LIMITS;
    const store = new ConfigStore();
    store.set("a".repeat(maxKeyBytes), bytes(maxValueBytes));
    expect(() => store.set("b", bytes(maxValueBytes + 1))).toThrow(refused("TOO_LARGE"));
    expect(store.bytes).toBe(maxKeyBytes + maxValueBytes);

    const small = new ConfigStore({ ...CONFIG_LIMITS, maxKeys: 2, maxBytes: 20 });
    small.set("a", bytes(5));
    small.set("b", bytes(13));
    expect(() => small.set("c", bytes(0))).toThrow(refused("FULL"));
    expect(() => small.set("b", bytes(14))).toThrow(refused("FULL"));
    small.set("b", bytes(1));
    small.set("a", bytes(17));
    small.delete("b");
    small.set("c", bytes(1));
    expect([small.size, small.bytes]).toEqual([2, 20]);
  });

  test("seeded: is what a plain map is, in order, and counts its bytes, 300 runs", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed);
      const store = new ConfigStore();
      const model = new Map<string, number>();
      const text = (): string =>
        Array.from({ length: 1 + random.int(3) }, () =>
          random.pick(["a", "b", "ä", "𝄞", "\uffff"]),
        ).join("");
      for (let step = 0; step < 80; step++) {
        const key = text();
        if (random.int(3) > 0) {
          const size = random.int(20);
          store.set(key, bytes(size));
          model.set(key, size);
        } else if (store.delete(key) !== model.delete(key)) throw new Error(`seed ${seed}`);
      }
      const keys = [...model.keys()].sort();
      const prefix = random.int(2) === 0 ? "" : text();
      const fits = keys.filter((key) => key.startsWith(prefix));
      expect([...store.keys(prefix)]).toEqual(fits);
      const after = random.int(2) === 0 ? text() : (random.pick(fits) ?? "");
      expect([...store.keys(prefix, after)]).toEqual(fits.filter((key) => key > after));
      const sum = keys.reduce(
        (all, key) => all + Buffer.byteLength(key) + (model.get(key) ?? 0),
        0,
      );
      expect([store.size, store.bytes]).toEqual([keys.length, sum]);
    }
  });
});

describe("Watcher", () => {
  function watcher() {
    const state = { version: 1, closes: 0 };
    const read = (): ConfigItem => ({ version: state.version, value: null });
    const one = new Watcher(read, () => state.closes++);
    const set = (version: number): void => {
      state.version = version;
      one.changed();
    };
    return { one, set, state };
  }

  test("gives the present value at once, then each that is waited for", async () => {
    const { one, set } = watcher();
    expect((await one.next()).value?.version).toBe(1);
    const next = one.next();
    set(2);
    expect((await next).value?.version).toBe(2);
    const last = one.next();
    one.close();
    expect((await last).done).toBe(true);
  });

  test("leaves out what nobody waited for, never the last", async () => {
    const { one, set } = watcher();
    set(2);
    set(3);
    expect((await one.next()).value?.version).toBe(3);
    set(4);
    set(5);
    expect((await one.next()).value?.version).toBe(5);
    const next = one.next();
    set(6);
    set(7);
    expect((await next).value?.version).toBe(6);
    expect((await one.next()).value?.version).toBe(7);
  });

  test("ends once, however it is told", async () => {
    const { one, state } = watcher();
    await one.return();
    one.close();
    expect([(await one.next()).done, state.closes]).toEqual([true, 1]);
  });
});

describe("Watchers", () => {
  test("forget keys that nobody watches, and tell those of a key alone", async () => {
    const watchers = new Watchers();
    let version = 0;
    const read = (): ConfigItem => ({ version: ++version, value: null });
    const [one, two, other] = [
      watchers.add("a", read),
      watchers.add("a", read),
      watchers.add("b", read),
    ];
    for (const watcher of [one, two, other]) await watcher.next();
    const told: string[] = [];
    void one.next().then(() => told.push("one"));
    void two.next().then(() => told.push("two"));
    void other.next().then(() => told.push("other"));
    watchers.changed("a");
    watchers.changed("none");
    await Promise.resolve();
    expect(told).toEqual(["one", "two"]);
    one.close();
    expect(watchers.size).toBe(2);
    two.close();
    two.close();
    expect(watchers.size).toBe(1);
    watchers.add("a", read);
    watchers.close();
    expect([watchers.size, (await other.next()).done]).toEqual([0, true]);
  });
});

describe("opaque values", () => {
  test.each([
    [undefined],
    [null],
    [0],
    [""],
    [false],
    [{ a: [1, { b: new Date(5) }] }],
    [2n ** 60n],
    [new Map([["a", 1]])],
  ])("%s comes back as it was", (value) => {
    const packed = packOpaque(value);
    expect(unpackOpaque(packed)).toEqual(value);
    expect(unpackOpaque(new Uint8Array(packed))).toEqual(value);
  });

  test("bytes large and small come back, and belong to the caller alone", () => {
    for (const size of [1, 5000]) {
      const packed = packOpaque(bytes(size, 7));
      expect(packed.buffer.byteLength).toBe(packed.length);
      expect(unpackOpaque(packed)).toEqual(Buffer.alloc(size, 7));
    }
  });

  test("refuses what cannot be sent, and cannot be read", () => {
    expect(() => packOpaque(() => {})).toThrow(
      expect.objectContaining({ code: "ELPIS_PROTOCOL_NOT_PACKABLE" }),
    );
    expect(() => unpackOpaque(new Uint8Array([0xc1]))).toThrow();
  });
});
