import { once } from "node:events";
import http, { type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { Client, Role } from "@elpis/api";
import { startTestHub, type TestHub } from "@elpis/testing";
import { context, propagation, SpanKind, trace } from "@opentelemetry/api";
import { W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { traceServers } from "../src/process/http-server.ts";
import { SpansOfHub } from "../src/process/hub-tracing.ts";
import { Contexts } from "../src/spans/contexts.ts";
import { BareSpan } from "../src/spans/origin.ts";
import { newTraceId } from "../src/spans/random.ts";
import { recording } from "./recording.ts";

let ratio = 1;
let role: Role = "worker";
let contexts: Contexts;
let made: ReturnType<typeof recording>;
let hub: TestHub;
let web: Client;
let agent: Client;
const offs: Array<() => void> = [];

beforeEach(async () => {
  ratio = 1;
  role = "worker";
  contexts = new Contexts(true);
  context.setGlobalContextManager(contexts.enable());
  made = recording({ ratio: () => ratio, contexts });
  hub = await startTestHub();
  [web, agent] = await Promise.all([hub.connect({ name: "web" }), hub.connect({ name: "agent" })]);
  const { tracer } = made;
  const baggage = new W3CBaggagePropagator();
  for (const client of [web, agent]) {
    const spans = new SpansOfHub({ tracer, baggage, isIgnored: () => false, contexts });
    client.useTracing({
      leaving: (message) => spans.leaving(message),
      // All that join such a hub come from outside.
      arriving: (message, from, extension) => spans.arriving(message, { ...from, role }, extension),
    });
  }
});
afterEach(async () => {
  for (const off of offs.splice(0).reverse()) off();
  await hub.close();
  context.disable();
});

/** Asks a server, which asks the agent, which looks at what is active and makes a span. */
async function serve(listener?: RequestListener): Promise<string> {
  const { tracer } = made;
  offs.push(
    traceServers({ tracer, propagator: new W3CTraceContextPropagator(), options: {}, contexts }),
  );
  agent.handle("price.of", async () => {
    await null;
    tracer.startSpan("inside").end();
    return trace.getActiveSpan()?.spanContext().traceId ?? null;
  });
  const answer: RequestListener = async (_, response) =>
    response.end(String(await web.request("price.of", {})));
  const server = http.createServer(listener ?? answer).listen(0, "127.0.0.1");
  offs.push(() => server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const get = async (url: string, headers = {}): Promise<string> =>
  (await fetch(url, { headers })).text();

describe("where a part of the traces is recorded", () => {
  test("what is not has no context and no spans, in no process, and nothing travels", async () => {
    const url = await serve();
    ratio = 0;
    expect(await get(url)).toBe("null");
    // The next ones would be recorded: what belongs to a request that is not, is not either.
    ratio = 1;
    expect(await web.request("price.of", {})).toBeNull();
    made.tracer.startSpan("inside").end();
    expect(made.told()).toEqual([]);
  });

  test("what is has all of its spans, and contexts are kept apart only meanwhile", async () => {
    const url = await serve();
    ratio = 0;
    await get(url);
    expect(contexts.isIdle).toBe(true);
    ratio = 1;
    const traceId = await get(url);
    await expect.poll(() => contexts.isIdle).toBe(true);
    const spans = made.told();
    expect(spans.map(({ name }) => name).sort()).toEqual([
      "GET /",
      "inside",
      "price.of",
      "price.of",
    ]);
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  });

  test("one after the other, many at once: each request has its own trace or none", async () => {
    const url = await serve();
    let at = 0;
    const all = await Promise.all(
      Array.from({ length: 200 }, async () => {
        ratio = at++ % 3 === 0 ? 1 : 0;
        return get(url);
      }),
    );
    const ids = all.filter((one) => one !== "null");
    expect(new Set(ids).size).toBe(ids.length);
    await expect.poll(() => contexts.isIdle).toBe(true);
    const spans = made.told();
    expect(spans).toHaveLength(4 * ids.length);
    for (const id of ids) expect(spans.filter(({ traceId }) => traceId === id)).toHaveLength(4);
  });

  test("what comes with a decision keeps to it, and has its ids", async () => {
    const url = await serve();
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const parent = (flags: string): object => ({
      traceparent: `00-${traceId}-b7ad6b7169203331-${flags}`,
    });
    ratio = 0;
    expect(await get(url, parent("01"))).toBe(traceId);
    await expect.poll(() => made.told().length).toBe(4);
    ratio = 1;
    expect(await get(url, parent("00"))).toBe(traceId);
    expect(made.told()).toHaveLength(4);
    await expect.poll(() => contexts.isIdle).toBe(true);
  });

  test("a peer from outside, which does not trace, has its messages begin one", async () => {
    const peer = await hub.connect({ name: "cli" });
    agent.handle("price.of", () => 1);
    await peer.request("price.of", {});
    expect(made.told()).toEqual([]);
    role = "peer";
    await peer.request("price.of", {});
    expect(made.told().map(({ kind }) => kind)).toEqual(["server"]);
  });

  test("contexts of the application stay, also when a trace ends meanwhile", async () => {
    const url = await serve();
    const baggage = propagation.createBaggage({ user: { value: "ada" } });
    let goOn = (): void => {};
    const isOver = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const seen = context.with(propagation.setBaggage(context.active(), baggage), async () => {
      await isOver;
      return propagation.getBaggage(context.active())?.getEntry("user")?.value;
    });
    expect(await get(url)).not.toBe("null");
    await expect.poll(() => made.told().length).toBe(4);
    goOn();
    expect(await seen).toBe("ada");
  });

  test("what comes after a trace is over has no context, and is not taken for the application's", async () => {
    const span = made.tracer.startSpan("one", { kind: SpanKind.SERVER });
    const own = trace.setSpan(context.active(), span);
    const bound = context.bind(own, () => trace.getActiveSpan());
    expect(bound()).toBe(span);
    span.end();
    expect(bound()).toBeUndefined();
    expect(context.with(own, (...args) => args, undefined, 1, 2)).toEqual([1, 2]);
    const unrecorded = trace.setSpan(own, BareSpan.unrecorded(newTraceId()));
    expect(context.with(unrecorded, () => trace.getActiveSpan())).toBeUndefined();
    expect(context.with(context.active(), () => contexts.isIdle)).toBe(true);
  });

  test("what passes is forgotten after a while: calls may begin traces again", async () => {
    contexts.pass();
    expect(made.tracer.startSpan("one").isRecording()).toBe(false);
    expect(made.tracer.startSpan("one", { kind: SpanKind.SERVER }).isRecording()).toBe(true);
    expect(made.tracer.startSpan("one", { root: true }).isRecording()).toBe(true);
    await expect.poll(() => contexts.isPassing, { timeout: 5000 }).toBe(false);
    expect(made.tracer.startSpan("one").isRecording()).toBe(true);
  });
});
