import { fileURLToPath } from "node:url";
import type { TraceTopics } from "@elpis/api";
import { connectTo } from "@elpis/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { ElpisHome } from "../support/elpis.ts";
import { ask } from "../support/http.ts";
import { freePort } from "../support/port.ts";
import { until } from "../support/wait.ts";
import { problemsOf } from "./checks.ts";
import { FORMS, type Form, SOON, traceIsThere } from "./shop.ts";

const DIR = fileURLToPath(new URL("./fixtures/frameworks", import.meta.url));
const FRAMEWORKS = ["express", "koa", "fastify"] as const;

async function start(form: Form, trace: object | undefined) {
  const home = await ElpisHome.create();
  onTestFinished(() => home.remove());
  const ports: Record<string, number> = {};
  for (const name of FRAMEWORKS) ports[name] = await freePort();
  const how = { form, ports, trace };
  const run = home.spawn(["run", DIR], { env: { FRAMEWORKS: JSON.stringify(how) } });
  await run.printed("frameworks is up");
  const client = await connectTo<TraceTopics>("frameworks", { base: home.dir });
  onTestFinished(() => client.close());
  return {
    client,
    async get(name: string): Promise<string> {
      const { text, headers } = await ask(`http://127.0.0.1:${ports[name]}/items/4711`);
      expect({ name, text }).toEqual({ name, text: '{"id":"4711"}' });
      return headers["x-trace-id"] as string;
    },
  };
}

describe("frameworks", () => {
  it.for(FORMS)("(%s) answer without a trace", async (form) => {
    const { get } = await start(form, undefined);
    for (const name of FRAMEWORKS) expect(await get(name)).toBe("none");
  });

  it.for(FORMS)("(%s) give a request the name of its route", async (form, { skip }) => {
    skip(!traceIsThere, "there is no trace()");
    const { get, client } = await start(form, SOON);
    for (const name of FRAMEWORKS) {
      const traceId = await get(name);
      const trace = await until(
        `the trace of ${name}`,
        async () => (await client.request("elpis.trace.get", { traceId })) ?? false,
      );
      expect.soft(problemsOf(trace), name).toEqual([]);
      expect.soft(trace.name, name).toBe("GET /items/:id");
      expect.soft(trace.tree[0]?.tags["http.route"], name).toBe("/items/:id");
      expect.soft(trace, name).toMatchObject({ status: "normal", errors: 0, open: [] });
    }
  });
});
