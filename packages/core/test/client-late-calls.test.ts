import type { CallOptions, Client } from "@elpis/api";
import { beforeEach, describe, expect, test } from "vitest";
import type { Hub } from "../src/index.ts";
import { deferred, joinHub, settled, startHub } from "./support/hub-kit.ts";

let hub: Hub;
let caller: Client;
beforeEach(async () => {
  hub = await startHub();
  caller = await joinHub(hub, "caller");
});

type Verb = "request" | "consume";
const begin = (peer: Client, verb: Verb, run: (value: unknown) => unknown): (() => void) =>
  verb === "request" ? peer.handle("work", run) : peer.on("work", run);
const call = (verb: Verb, value: unknown, options?: CallOptions): Promise<unknown> =>
  verb === "request"
    ? caller.request("work", value, options)
    : caller.consume("work", value, options);

describe.each(["request", "consume"] as const)("a %s on its way to a handler that ends", (verb) => {
  test("goes on to another one, and is done once", async () => {
    const seen: Array<[string, unknown]> = [];
    const leaving = await joinHub(hub, "leaving");
    const off = begin(leaving, verb, (value) => seen.push(["leaving", value]));
    await settled(leaving);
    const away = deferred();
    const staying = await joinHub(hub, "staying");
    begin(staying, verb, (value) => {
      seen.push(["staying", value]);
      away.resolve();
    });
    await settled(staying);
    expect(hub.stats().tables.calls).toBe(0);
    off();
    // In the same turn, so that the calls are on their way before the hub has read that the handler has ended.
    const calls = Array.from({ length: 20 }, (_, n) => call(verb, { n }));
    await Promise.all(calls);
    await away.promise;
    expect(seen.filter(([who]) => who === "leaving")).toEqual([]);
    const values = seen.map(([, value]) => (value as { n: number }).n);
    expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  test("fails when there is no other", async () => {
    const leaving = await joinHub(hub, "leaving");
    const off = begin(leaving, verb, () => "no");
    await settled(leaving);
    off();
    await expect(call(verb, "x")).rejects.toMatchObject({ code: "ELPIS_HUB_NO_RESPONDER" });
    expect(hub.stats().tables.calls).toBe(0);
  });
});

test("a call that is over before its callee reads it is not begun", async () => {
  const seen: unknown[] = [];
  const callee = await joinHub(hub, "callee");
  callee.handle("work", (value) => seen.push(value));
  await settled(callee);
  const controller = new AbortController();
  const lost = caller.request("work", "late", { signal: controller.signal });
  const failed = expect(lost).rejects.toMatchObject({ code: "ELPIS_HUB_CANCELLED" });
  controller.abort();
  await failed;
  // Behind it in the same bytes: it is answered, so the first one has been read.
  await caller.request("work", "in time");
  expect(seen).toEqual(["in time"]);
  expect(hub.stats()).toMatchObject({ openCalls: 0, late: 1 });
});
