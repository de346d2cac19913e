import { channel } from "node:diagnostics_channel";
import { startTestHub, waitFor } from "@elpis/testing";
import { expect, it, onTestFinished } from "vitest";
import { type ErrorPage, endpoints, errorEndpoint, errorLog } from "../../src/index.ts";

async function started(keep?: number) {
  const test = await startTestHub();
  onTestFinished(() => test.close());
  const agent = await test.join({ role: "agent", name: "agent" });
  const web = await test.join({ name: "web" });
  const log = errorLog(web, { ...(keep !== undefined && { keep }), traceId: () => undefined });
  onTestFinished(() => log.stop());
  const ends = endpoints(agent);
  ends.add(errorEndpoint(agent));
  await test.settled();
  const ask = async (query = {}) => (await ends.ask("/error", query)).value as ErrorPage;
  return { test, web, log, ask };
}

const logged = (level: string, message: string, fields = {}): void =>
  channel("elpis.log").publish({ level, message, fields });

it("has what was logged as an error, and not what was logged as information", async () => {
  const { ask, web } = await started();
  logged("info", "all is well");
  logged("error", "it broke", { error: new RangeError("too far"), traceId: "abc" });
  const { items, count, total } = await ask();
  expect([count, total]).toEqual([1, 1]);
  expect(items[0]).toMatchObject({
    ...{ origin: "log", message: "it broke", errType: "RangeError", traceId: "abc" },
    ...{ process: "web", index: 0, pid: web.location.pid, seq: 1 },
  });
  expect(items[0]?.stack).toMatch(/^RangeError: too far\n/);
});

it("hears console.error, prints it all the same, and lets go of it", async () => {
  const { log, ask } = await started();
  const before = console.error;
  console.error("cannot reach %s:", "db", new TypeError("no route"));
  console.error(
    Object.defineProperty({}, "x", {
      get: () => 1,
      enumerable: true,
    }),
  );
  const { items } = await ask({ order: "asc" });
  expect(items[0]).toMatchObject({
    origin: "console",
    errType: "TypeError",
    message: "cannot reach db: no route",
  });
  log.stop();
  expect(console.error).not.toBe(before);
});

it("keeps as many as the one who wants most", async () => {
  const { web, log } = await started(2);
  for (const name of ["a", "b", "c"]) log.record(new Error(name));
  expect(errorLog(web, { keep: 4 })).toBe(log);
  for (const name of ["d", "e", "f"]) log.record(new Error(name));
  expect(log.report.records.map(({ message }) => message)).toEqual(["c", "d", "e", "f"]);
});

it("keeps the newest, of the right length, and counts the others", async () => {
  const { log, ask } = await started(10);
  for (let at = 1; at <= 25; at += 1) log.record(new Error(`${at} ${"x".repeat(10_000)}`));
  const { items, total } = await ask({ limit: "3" });
  expect(items.map(({ message }) => message.split(" ")[0])).toEqual(["25", "24", "23"]);
  expect(total).toBe(25);
  expect(items[0]?.message.length).toBe(2000);
  expect(items[0]?.stack.length).toBeLessThanOrEqual(4000);
});

it("knows what a process told that is gone", async () => {
  const { web, log, ask } = await started();
  log.record(new Error("last words"));
  await waitFor(async () => (await ask()).count === 1, { what: "it to be told" });
  await web.close();
  await waitFor(async () => (await ask()).total === 0, { what: "its process to be gone" });
  expect((await ask()).items.map(({ message }) => message)).toEqual(["last words"]);
});

it("takes anything that can be thrown", async () => {
  const { log, ask } = await started();
  const nasty = Object.defineProperty(new Error("x"), "message", {
    get: () => {
      throw new Error("trap");
    },
  });
  for (const one of [undefined, null, 7, "text", Symbol("s"), {}, Object.create(null), nasty]) {
    log.record(one);
  }
  expect((await ask()).count).toBe(8);
});
