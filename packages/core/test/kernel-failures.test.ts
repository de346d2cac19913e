import { object, type PluginDefinition, type PluginUse } from "@elpis/api";
import { describe, expect, test } from "vitest";
import { boot, failure, lines, never, number, plugin, steps } from "./support/plugin-kit.ts";

describe("what can be wrong before anything starts", () => {
  const CASES: ReadonlyArray<readonly [string, () => PluginUse[], RegExp]> = [
    [
      "API_LEVEL",
      () => [plugin("ok"), { ...plugin("old"), apiLevel: 99 }],
      /"old" is made for api level 99, this is 1/,
    ],
    ["DUPLICATE", () => [plugin("twin"), plugin("twin")], /"twin" is picked twice/],
    [
      "OPTIONS",
      () => [
        plugin("ok"),
        plugin("bad", { options: object<{ a: string; b: number }>({ a: "string", b: "integer" }) }),
      ],
      /"bad" was given wrong options: options\.a: .*; options\.b: /,
    ],
    ["MISSING_CAPABILITY", () => [plugin("ok"), plugin("bad", { needs: [number] })], /"bad" needs/],
    [
      "DUPLICATE_CAPABILITY",
      () => [plugin("a", { provides: [number] }), plugin("b", { provides: [number] })],
      /"b" provides "number", which "a" provides already/,
    ],
    [
      "CYCLE",
      () => [plugin("a", { provides: [number], needs: [number] })],
      /"a" needs itself: a → a/,
    ],
  ];

  test.each(CASES)("%s", async (code, plugins, message) => {
    const error = await failure(boot(...plugins()));
    expect(error).toMatchObject({
      code: `ELPIS_PLUGIN_${code}`,
      details: { plugin: expect.any(String) },
    });
    expect(error.message).toMatch(message);
    expect(steps).toEqual([]);
  });
});

describe("what can go wrong in setup", () => {
  const boom = new Error("boom");
  const CASES: ReadonlyArray<
    readonly [string, Partial<PluginDefinition<object>>, RegExp, unknown]
  > = [
    [
      "SETUP",
      {
        setup: () => {
          throw boom;
        },
      },
      /"bad" failed in setup: boom/,
      boom,
    ],
    ["SETUP", { setup: () => Promise.reject("text") }, /"bad" failed in setup: text/, "text"],
    [
      "SETUP",
      { setup: (host) => host.onReady(() => Promise.reject(boom)) },
      /"bad" failed in onReady: boom/,
      boom,
    ],
    ["NOT_PROVIDED", { provides: [number] }, /"bad" says that it provides "number"/, undefined],
    [
      "TIMEOUT",
      { timeoutMs: 20, setup: never },
      /"bad" did not finish setup within 20 ms/,
      undefined,
    ],
    [
      "TIMEOUT",
      { timeoutMs: 20, setup: (host) => host.onReady(never) },
      /"bad" did not finish onReady within 20 ms/,
      undefined,
    ],
    [
      "SETUP",
      { setup: (host) => void host.get(number) },
      /"bad" uses "number", which is not in its `needs`/,
      expect.objectContaining({ code: "ELPIS_PLUGIN_UNDECLARED" }),
    ],
    [
      "SETUP",
      { needs: [], setup: (host) => host.provide(number, 1) },
      /"bad" uses "number", which is not in its `provides`/,
      expect.objectContaining({ code: "ELPIS_PLUGIN_UNDECLARED" }),
    ],
  ];

  test.each(CASES)("%s: %o", async (code, definition, message, cause) => {
    const error = await failure(boot(plugin("first"), plugin("bad", definition)));
    expect(error).toMatchObject({ code: `ELPIS_PLUGIN_${code}`, details: { plugin: "bad" } });
    expect(error.message).toMatch(message);
    expect(error.cause).toEqual(cause);
    // Those that had started are closed, and the one that failed gives back what it had got.
    expect(steps).toEqual(["first up", "bad up", "bad down", "first down"]);
  });

  test("a setup that takes too long is told", async () => {
    let signal: AbortSignal | undefined;
    const late = plugin("late", {
      timeoutMs: 20,
      setup: (host) => {
        signal = host.signal;
        return never();
      },
    });
    await failure(boot(late));
    expect(signal?.aborted).toBe(true);
  });

  test("what fails while closing after that is logged, and the first error stays", async () => {
    const bad = plugin("bad", {
      setup: (host) => {
        host.onClose(() => {
          throw new Error("also");
        });
        throw boom;
      },
    });
    expect((await failure(boot(bad))).message).toContain("boom");
    expect(lines).toMatchObject([
      { level: "error", message: 'Plugin "bad" failed in onClose: also.' },
    ]);
  });
});

describe("what can go wrong in close", () => {
  test("everything is closed nevertheless, and all failures are told", async () => {
    const running = await boot(
      plugin("a"),
      plugin("b", {
        setup: (host) => {
          host.onClose(() => Promise.reject(new Error("one")));
          host.onClose(() => {
            throw new Error("two");
          });
        },
      }),
      plugin("c", { timeoutMs: 20, setup: (host) => host.onClose(never) }),
    );
    const error = await failure(running.close());
    expect(error).toMatchObject({ code: "ELPIS_PLUGIN_CLOSE", details: { plugin: "c" } });
    for (const part of ["onClose within 20 ms", "onClose: two", "onClose: one"]) {
      expect(error.message).toContain(part);
    }
    expect((error.cause as AggregateError).errors).toMatchObject([
      { code: "ELPIS_PLUGIN_TIMEOUT" },
      { code: "ELPIS_PLUGIN_CLOSE" },
      { code: "ELPIS_PLUGIN_CLOSE" },
    ]);
    expect(steps.slice(3)).toEqual(["c down", "b down", "a down"]);
    expect(await failure(running.close())).toBe(error);
  });

  test("a single failure is the cause itself", async () => {
    const boom = new Error("boom");
    const running = await boot(
      plugin("a", { setup: (host) => host.onClose(() => Promise.reject(boom)) }),
    );
    const error = await failure(running.close());
    expect(error.cause).toMatchObject({ code: "ELPIS_PLUGIN_CLOSE", cause: boom });
  });
});
