import { API_LEVEL, capability, definePlugin, object } from "@elpis/api";
import { describe, expect, test } from "vitest";

describe("definePlugin", () => {
  const definition = {
    name: "hello",
    roles: ["worker"],
    options: object<{ text?: string }>({ text: "string?" }),
    setup: () => {
      throw new Error("nothing runs before the kernel says so");
    },
  } as const;

  test("makes a function that picks the plugin with options", () => {
    const hello = definePlugin<{ text?: string }>(definition);
    const options = { text: "hi" };
    const use = hello(options);
    expect(use.apiLevel).toBe(API_LEVEL);
    expect(use.definition).toBe(definition);
    expect(use.options).toBe(options);
  });

  test("takes no argument for no options", () => {
    const hello = definePlugin<{ text?: string }>(definition);
    expect(hello().options).toEqual({});
  });

  test("picks of one plugin share nothing", () => {
    const hello = definePlugin<{ text?: string }>(definition);
    const first = hello();
    expect(hello()).not.toBe(first);
    expect(hello().options).not.toBe(first.options);
  });
});

describe("capability", () => {
  test("is known by its id alone and cannot be changed", () => {
    const clock = capability<() => number>("clock");
    expect(clock).toEqual(capability("clock"));
    expect(clock.id).toBe("clock");
    expect(Object.isFrozen(clock)).toBe(true);
  });
});
