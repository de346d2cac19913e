import { capability, definePlugin, object, type PluginHost, type StandardSchema } from "@elpis/api";
import { describe, expect, test } from "vitest";
import { boot, client, failure, lines, number, plugin, steps } from "./support/plugin-kit.ts";

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
