import { startTestHub, waitFor } from "@elpis/testing";
import { expect, it, onTestFinished } from "vitest";
import { defineEndpoint, defineIndicator, endpoints, gather, indicators } from "../../src/index.ts";

async function family(workers: number) {
  const test = await startTestHub();
  onTestFinished(() => test.close());
  const agent = await test.join({ role: "agent", name: "agent" });
  const webs = [];
  for (let at = 0; at < workers; at += 1) webs.push(await test.join({ name: "web" }));
  return { test, agent, webs };
}

it("counts an answer of the application once, of the machine once, of processes each", async () => {
  const { agent, webs, test } = await family(3);
  for (const web of webs) {
    for (const scope of ["app", "system", "process"] as const) {
      const { index } = web.location;
      indicators(web).add(
        defineIndicator({ group: "g", name: scope, scope, collect: () => ({ index }) }),
      );
    }
  }
  await test.settled();
  const { answers, failures, absent, partial } = await gather<{ index: number }>(agent, "g");
  const of = (scope: string) => answers.filter((one) => one.scope === scope);
  expect(of("app").length).toBe(1);
  expect(of("system").length).toBe(1);
  expect(
    of("process")
      .map(({ value }) => value.index)
      .sort(),
  ).toEqual([0, 1, 2]);
  expect({ failures, absent, partial }).toEqual({ failures: [], absent: [], partial: false });
});

it("lets an indicator that throws, hangs or gives nonsense fail alone", async () => {
  const { agent, webs, test } = await family(2);
  const [a, b] = webs as [(typeof webs)[0], (typeof webs)[0]];
  const add = (name: string, collect: () => unknown, timeoutMs = 3000) =>
    indicators(a).add(defineIndicator({ group: "g", name, scope: "process", timeoutMs, collect }));
  add("good", () => 1);
  add("throws", () => {
    throw Object.assign(new TypeError("no such table"), { code: "NO_TABLE" });
  });
  add("rejects", () => Promise.reject(new Error("gone")));
  add("hangs", () => new Promise(() => {}), 50);
  add("function", () => ({ deep: [() => {}] }));
  const round: Record<string, unknown> = {};
  round.round = round;
  add("round", () => round);
  add("huge", () => "x".repeat(600_000));
  add("trap", () => ({
    get it() {
      throw new Error("trap");
    },
  }));
  indicators(b).add(defineIndicator({ group: "g", scope: "process", collect: () => 2 }));
  await test.settled();
  const { answers, failures, absent, partial } = await gather<number>(agent, "g");
  expect(answers.map(({ value }) => value).sort()).toEqual([1, 2]);
  expect(failures.map(({ name }) => name).sort()).toEqual(
    ["function", "hangs", "huge", "rejects", "round", "throws", "trap"].sort(),
  );
  const error = (name: string) => failures.find((one) => one.name === name)?.error;
  expect(error("throws")).toMatchObject({ message: "no such table", code: "NO_TABLE" });
  expect(error("hangs")?.code).toBe("ELPIS_TELEMETRY_INDICATOR_TIMEOUT");
  expect(error("huge")?.code).toBe("ELPIS_TELEMETRY_INDICATOR_VALUE");
  expect(absent).toEqual([]);
  expect(partial).toBe(true);
});

it("keeps many large answers of one process from sinking each other", async () => {
  const { agent, webs, test } = await family(1);
  for (let at = 0; at < 4; at += 1) {
    const collect = () => "x".repeat(400_000);
    const name = `big${at}`;
    indicators(webs[0] as never).add(
      defineIndicator({ group: "g", name, scope: "process", collect }),
    );
  }
  await test.settled();
  const { answers, failures } = await gather(agent, "g");
  expect([answers.length, failures.length]).toEqual([2, 2]);
});

it("names a process that does not answer, answers nonsense, or dies, and waits no longer than asked", async () => {
  const { agent, webs, test } = await family(4);
  const [good, hangs, odd, dies] = webs as [never, never, never, never] & typeof webs;
  indicators(good).add(defineIndicator({ group: "g", scope: "process", collect: () => 1 }));
  (hangs as (typeof webs)[0]).handle("elpis.indicator", () => new Promise(() => {}));
  (odd as (typeof webs)[0]).handle("elpis.indicator", () => ({ answers: [{ name: 7 }] }));
  let tell: () => void = () => {};
  const isAsked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  (dies as (typeof webs)[0]).handle("elpis.indicator", () => {
    tell();
    return new Promise(() => {});
  });
  await test.settled();
  const began = performance.now();
  const asked = gather(agent, "g", { timeoutMs: 1000 });
  await isAsked;
  await (dies as (typeof webs)[0]).close();
  const { answers, absent, partial } = await asked;
  expect(performance.now() - began).toBeLessThan(5000);
  expect(answers.length).toBe(1);
  expect(absent.map(({ from, error }) => [from.index, error.code])).toEqual(
    expect.arrayContaining([
      [1, "ELPIS_HUB_DEADLINE"],
      [2, "ELPIS_TELEMETRY_BAD_ANSWER"],
      [3, "ELPIS_HUB_PEER_LOST"],
    ]),
  );
  expect(partial).toBe(true);
});

it("asks those as well that take no work: they have the most to tell", async () => {
  const { agent, webs, test } = await family(1);
  const [web] = webs as [(typeof webs)[0]];
  indicators(web).add(defineIndicator({ group: "g", scope: "process", collect: () => "ill" }));
  web.setReady(false);
  await test.settled();
  expect((await gather(agent, "g")).answers.map(({ value }) => value)).toEqual(["ill"]);
});

it("hands out what was pushed without asking, until its process leaves", async () => {
  const { agent, webs, test } = await family(2);
  const [a, b] = webs as [(typeof webs)[0], (typeof webs)[0]];
  const ends = endpoints(agent);
  ends.add(
    defineEndpoint<number>({
      group: "g",
      path: "/g",
      gather: ({ answers }) => answers.map(({ value }) => value).sort(),
    }),
  );
  const pushing = indicators(a).add(defineIndicator<number>({ group: "g", scope: "process" }));
  indicators(b).add(defineIndicator({ group: "g", scope: "process", collect: () => 1 }));
  await test.settled();
  pushing.push(4);
  pushing.push(5);
  await waitFor(async () => (await ends.ask("/g")).value as number[] & { length: 2 }, {
    what: "the pushed value",
  });
  await waitFor(async () => String((await ends.ask("/g")).value) === "1,5", { what: "the newest" });
  const { answers } = await gather(agent, "g");
  expect(answers.filter(({ pushedAt }) => pushedAt !== undefined).length).toBe(1);
  await a.close();
  await waitFor(async () => String((await ends.ask("/g")).value) === "1", { what: "a to be gone" });
  expect(() => pushing.push((() => {}) as never)).toThrow(/cannot be sent/);
});

it("says what was pushed again to an agent that comes later", async () => {
  const { webs, test } = await family(1);
  const [web] = webs as [(typeof webs)[0]];
  indicators(web)
    .add(defineIndicator<number>({ group: "g", scope: "process" }))
    .push(7);
  const agent = await test.join({ role: "agent", name: "agent", index: 1 });
  endpoints(agent).add(
    defineEndpoint({ group: "g", path: "/g", gather: ({ answers }) => answers }),
  );
  agent.setReady(false);
  agent.setReady(true);
  await waitFor(async () => (await gather(agent, "g")).answers.length === 1, { what: "the value" });
});

it("refuses what makes no sense before anything happens", async () => {
  const { agent } = await family(0);
  const bad = (definition: object) => () => defineIndicator(definition as never);
  expect(bad({ group: "a b", scope: "app" })).toThrow(/group/);
  expect(bad({ group: "a", scope: "all" })).toThrow(/scope/);
  expect(bad({ group: "a", scope: "app", timeoutMs: 0 })).toThrow(/timeoutMs/);
  expect(() => defineEndpoint({ group: "a", path: "a", gather: () => 1 })).toThrow(/path/);
  const one = defineIndicator({ group: "a", scope: "app", collect: () => 1 });
  const offered = indicators(agent).add(one);
  expect(() => indicators(agent).add(one)).toThrow(/a\/a/);
  offered.remove();
  offered.remove();
  indicators(agent).add(one);
  await expect(endpoints(agent).ask("/b")).rejects.toMatchObject({
    code: "ELPIS_TELEMETRY_NO_ENDPOINT",
  });
});
