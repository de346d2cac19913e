import type { Client, PluginUse } from "@elpis/api";
import { expectTypeOf, test } from "vitest";
import { schedule, type TaskStatus, type TaskTopics, tasks } from "../src/index.ts";

declare const hub: Client;
declare const asker: Client<TaskTopics>;

test("the plugin takes tasks by name, and may do without any", () => {
  expectTypeOf(schedule()).toEqualTypeOf<PluginUse>();
  schedule({
    lease: "5s",
    tasks: { a: { cron: "0 3 * * *" }, b: { every: 500, entry: "./b.ts" } },
  });
  // @ts-expect-error no such key
  schedule({ tasks: { a: { corn: "0 3 * * *" } } });
});

test("the function of a task knows its run", () => {
  const own = tasks(hub);
  const off = own.define("a", { every: "1m" }, async ({ id, token, signal, store, commit }) => {
    expectTypeOf(id).toEqualTypeOf<string>();
    expectTypeOf(token).toEqualTypeOf<number>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    expectTypeOf(await store.get("key")).toBeUnknown();
    await commit({ rows: 3 }, { put: { rows: 3 } });
  });
  expectTypeOf(off).toEqualTypeOf<() => void>();
  own.define("forked", { every: "1m", entry: "file:///x.mjs" });
  // @ts-expect-error a function is needed
  own.handle("a");
});

test("the topics are typed for whoever asks", () => {
  expectTypeOf(asker.request("elpis.tasks.list", {})).resolves.toEqualTypeOf<{
    readonly tasks: readonly TaskStatus[];
  }>();
  // @ts-expect-error the name of the task is missing
  asker.request("elpis.tasks.pause", {});
});
