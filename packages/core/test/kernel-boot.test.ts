import {
  type Client,
  capability,
  definePlugin,
  type ElpisError,
  type Logger,
  object,
  type PluginDefinition,
  type PluginHost,
  type PluginUse,
  type StandardSchema,
} from "@elpis/api";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createHub, type Hub } from "../src/hub/hub.ts";
import { bootPlugins, type RunningPlugins } from "../src/kernel/boot.ts";

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: unknown;
}

let hub: Hub;
let client: Client;
let steps: string[] = [];
let lines: Line[] = [];

beforeAll(async () => {
  hub = await createHub({ name: "kernel-test", listen: false });
  client = hub.client;
});
afterAll(() => hub.close());
beforeEach(() => {
  steps = [];
  lines = [];
});

function logger(bound: object = {}): Logger {
  const at =
    (level: string) =>
    (message: string, fields?: object): void => {
      lines.push({ level, message, fields: { ...bound, ...fields } });
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => logger({ ...bound, ...fields }),
  };
}

function boot(...plugins: PluginUse[]): Promise<RunningPlugins> {
  return bootPlugins({ plugins, client, log: logger() });
}

/** A plugin that notes when it is set up and closed. */
function plugin(name: string, more: Partial<PluginDefinition<object>> = {}): PluginUse {
  const { setup, ...rest } = more;
  return definePlugin<object>({
    name,
    roles: ["master"],
    ...rest,
    setup: async (host, options) => {
      steps.push(`${name} up`);
      host.onClose(() => steps.push(`${name} down`));
      await setup?.(host, options);
    },
  })();
}

async function failure(promise: Promise<unknown>): Promise<ElpisError> {
  return promise.then(
    () => {
      throw new Error("did not fail");
    },
    (error: ElpisError) => error,
  );
}

const number = capability<number>("number");
const never = (): Promise<void> => new Promise(() => {});

/** Resolves when a timer of a millisecond has come round so often: one that was still armed would have, too. */
function otherTimers(rounds: number): Promise<void> {
  return new Promise((resolve) => {
    const next = (left: number): void => {
      if (left === 0) resolve();
      else setTimeout(next, 1, left - 1);
    };
    next(rounds);
  });
}

describe("bootPlugins", () => {
  test("starts in the order of needs and closes in reverse", async () => {
    const running = await boot(
      plugin("user", { needs: [number] }),
      plugin("other"),
      plugin("maker", { provides: [number], setup: (host) => host.provide(number, 1) }),
    );
    expect(running.names).toEqual(["maker", "user", "other"]);
    await running.close();
    expect(steps).toEqual([
      "maker up",
      "user up",
      "other up",
      "other down",
      "user down",
      "maker down",
    ]);
  });

  test("waits for each setup before the next", async () => {
    const slow = plugin("slow", {
      setup: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        steps.push("slow done");
      },
    });
    const running = await boot(slow, plugin("next"));
    expect(steps).toEqual(["slow up", "slow done", "next up"]);
    await running.close();
  });

  test("runs close tasks last registered first, and closes once", async () => {
    const running = await boot(
      plugin("a", {
        setup: (host) => {
          host.onClose(() => steps.push("second"));
          host.onClose(() => steps.push("third"));
        },
      }),
    );
    await Promise.all([running.close(), running.close()]);
    await running.close();
    expect(steps).toEqual(["a up", "third", "second", "a down"]);
  });

  test("calls onReady tasks when all are set up", async () => {
    const onReady = (name: string) => (host: PluginHost) =>
      host.onReady(() => steps.push(`${name} ready`));
    const running = await boot(
      plugin("a", { setup: onReady("a") }),
      plugin("b", { setup: onReady("b") }),
    );
    expect(steps).toEqual(["a up", "b up", "a ready", "b ready"]);
    await running.close();
  });

  test("leaves out plugins for other roles, but checks their options", async () => {
    const elsewhere = plugin("elsewhere", { roles: ["worker", "agent"], needs: [number] });
    const running = await boot(elsewhere, plugin("here"));
    expect(running.names).toEqual(["here"]);
    await running.close();
    const options = object<{ port: number }>({ port: "integer" });
    const wrong = plugin("elsewhere", { roles: ["worker"], options });
    expect((await failure(boot(wrong))).code).toBe("ELPIS_PLUGIN_OPTIONS");
  });

  test("gives setup what the schema gave back", async () => {
    const options: StandardSchema<{ port: number }> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: async (value) => ({ value: { port: Number((value as { port: string }).port) } }),
      },
    };
    const seen: unknown[] = [];
    const running = await boot(
      definePlugin<{ port: number }>({
        name: "a",
        roles: ["master"],
        options,
        setup: (_, given) => void seen.push(given),
      })({ port: "80" as unknown as number }),
      definePlugin<{ any?: string }>({
        name: "b",
        roles: ["master"],
        setup: (_, given) => void seen.push(given),
      })(),
    );
    expect(seen).toEqual([{ port: 80 }, {}]);
    await running.close();
  });
});

describe("the host", () => {
  test("is the process: client, location, and a log that names the plugin", async () => {
    const running = await boot(
      plugin("a", {
        setup: (host) => {
          expect(host.hub).toBe(client);
          expect(host.location).toEqual(client.location);
          expect(host.signal.aborted).toBe(false);
          host.log.info("hello", { more: 1 });
        },
      }),
    );
    expect(lines).toEqual([{ level: "info", message: "hello", fields: { plugin: "a", more: 1 } }]);
    await running.close();
  });

  test("passes on what is provided, by id", async () => {
    let got: unknown;
    const running = await boot(
      plugin("user", {
        // As another copy of the package would have it.
        needs: [capability<number>("number")],
        setup: (host) => {
          got = host.get(capability<number>("number"));
        },
      }),
      plugin("maker", { provides: [number], setup: (host) => host.provide(number, 42) }),
    );
    expect(got).toBe(42);
    await running.close();
  });

  test("aborts its signal before the close tasks run", async () => {
    let aborted: boolean | undefined;
    const running = await boot(
      plugin("a", {
        setup: (host) =>
          host.onClose(() => {
            aborted = host.signal.aborted;
          }),
      }),
    );
    await running.close();
    expect(aborted).toBe(true);
  });
});

describe("every", () => {
  test("repeats a task, never two at once, also when it fails, until closed", async () => {
    let calls = 0;
    let atOnce = 0;
    let resolveThird = (): void => {};
    const third = new Promise<void>((resolve) => {
      resolveThird = resolve;
    });
    const running = await boot(
      plugin("a", {
        setup: (host) =>
          void host.every(1, async () => {
            expect(++atOnce).toBe(1);
            await new Promise((resolve) => setTimeout(resolve, 3));
            atOnce--;
            if (++calls === 3) resolveThird();
            throw new Error("boom");
          }),
      }),
    );
    await third;
    await running.close();
    const after = calls;
    await otherTimers(5);
    expect(calls - after).toBeLessThanOrEqual(1);
    expect(lines[0]).toMatchObject({
      level: "error",
      message: "a repeated task failed",
      fields: { plugin: "a", error: { message: "boom" } },
    });
  });

  test("stops when it is told to, also from within", async () => {
    let calls = 0;
    let resolveFirst = (): void => {};
    const first = new Promise<void>((resolve) => {
      resolveFirst = resolve;
    });
    const running = await boot(
      plugin("a", {
        setup: (host) => {
          const off = host.every(1, () => {
            calls++;
            off();
            resolveFirst();
          });
          const never = host.every(1, () => calls++);
          never();
          never();
        },
      }),
    );
    await first;
    await otherTimers(5);
    expect(calls).toBe(1);
    await running.close();
  });
});

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
