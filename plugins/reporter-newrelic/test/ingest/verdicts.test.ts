import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { openTo } from "../support/open.ts";
import { KEY, Receiver } from "../support/receiver.ts";
import { batch, call, counter, error, event, full, NOW, span } from "../support/samples.ts";

const now = (): number => NOW;

describe("an answer", () => {
  it.each([400, 401, 403, 404, 405, 409, 410, 411])("of %i is final", async (status) => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    receiver.script.push({ status, body: "no such\nkey" });
    await expect(reporter.report(batch({ points: [counter()] }), call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_REJECTED",
      message: `1: HTTP status ${status}: no such key`,
    });
  });

  it.each([302, 402, 408, 418, 500, 501, 502, 503, 504, 599])("of %i is not", async (status) => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const points = [counter()];
    receiver.script.push({ status, headers: { location: "http://127.0.0.1:1/" } });
    const same = batch({ points });
    await expect(reporter.report(same, call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_RETRY_LATER",
      message: `HTTP status ${status}`,
    });
    expect(await reporter.report(same, call())).toBeUndefined();
    expect(receiver.metrics).toHaveLength(1);
  });

  it.each([302, 402, 422, 431, 500])("of %i is, when it comes ten times", async (status) => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const same = batch({ points: [counter()] });
    receiver.script.push({ status }, { status });
    const late = (attempt: number): ReturnType<typeof call> => ({ ...call(), attempt });
    await expect(reporter.report(same, late(9))).rejects.toMatchObject({
      code: "ELPIS_REPORTER_RETRY_LATER",
    });
    await expect(reporter.report(same, late(10))).rejects.toMatchObject({
      code: "ELPIS_REPORTER_REJECTED",
      message: `1: HTTP status ${status}`,
    });
  });

  it.each([408, 429, 503])("of %i is not, however often it comes", async (status) => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    receiver.script.push({ status });
    const last = { ...call(), attempt: 100 };
    await expect(reporter.report(batch({ points: [counter()] }), last)).rejects.toMatchObject({
      code: "ELPIS_REPORTER_RETRY_LATER",
    });
  });

  it.each([202, 400])("of %i that never ends is not waited for, nor kept", async (status) => {
    let sent = 0;
    const server = createServer((_, response) => {
      const more = (): void => {
        for (let ok = true; ok; sent += 65_536) ok = response.write("x".repeat(65_536));
      };
      response.writeHead(status).on("drain", more);
      more();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const reporter = await openTo(`http://127.0.0.1:${port}`);
    const report = Promise.resolve(reporter.report(batch({ points: [counter()] }), call()));
    const code = await report.then(
      () => "taken",
      (error: { code: string }) => error.code,
    );
    expect(code).toBe(status === 202 ? "taken" : "ELPIS_REPORTER_REJECTED");
    await new Promise((resolve) => server.close(resolve));
    expect(sent).toBeLessThan(50_000_000);
  });

  it.each([202, 400])("of %i that comes in drops", async (status) => {
    const server = createServer((_, response) => {
      response.writeHead(status).write("x");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const reporter = await openTo(`http://127.0.0.1:${port}`);
    const over = new AbortController();
    const report = reporter.report(batch({ points: [counter()] }), call(over.signal));
    if (status === 202) await report;
    else {
      await once(server, "request");
      over.abort();
      await expect(report).rejects.toThrow();
    }
    server.closeAllConnections();
    server.close();
  });

  it("of 429 says when to come back", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const points = [counter()];
    receiver.script.push({ status: 429, headers: { "retry-after": "7" } }, { status: 429 });
    await expect(reporter.report(batch({ points }), call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_RETRY_LATER",
      details: { afterMs: 7000 },
    });
    await expect(reporter.report(batch({ points }), call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_RETRY_LATER",
      details: {},
    });
  });

  it("of 413 has the batch divided", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    receiver.script.push({ status: 413 });
    await expect(reporter.report(batch({ points: [counter()] }), call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_TOO_LARGE",
    });
  });

  it("that repeats the key is told without it", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    receiver.script.push({ status: 403, body: `the key ${KEY} is unknown` });
    const thrown = await reporter.report(batch({ points: [counter()] }), call()).then(
      () => "nothing",
      (reason: Error) => reason.message + reason.stack,
    );
    expect(thrown).toContain("the key (hidden) is unknown");
    expect(thrown).not.toContain(KEY);
  });
});

describe("the key", () => {
  it("is in no message, also where the beginning of an answer ends within it", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    receiver.script.push({ status: 403, body: `no${" ".repeat(4074)}${KEY} is unknown` });
    const thrown = await reporter.report(batch({ points: [counter()] }), call()).then(
      () => "nothing",
      (reason: Error) => reason.message,
    );
    expect(thrown).toBe("1: HTTP status 403: no (hidden)");
  });
});

describe("a batch of which one door took its part", () => {
  const spans = [span()];
  const errors = [error()];

  it("is not taken twice when it is sent again", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const same = full();
    receiver.script.push({ path: "/trace/v1", status: 503 });
    await expect(reporter.report(same, call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_RETRY_LATER",
    });
    expect(receiver.metrics).toHaveLength(6);
    expect(await reporter.report(same, call())).toBeUndefined();
    expect(receiver.metrics).toHaveLength(6);
    expect(receiver.spans).toHaveLength(1);
    expect(receiver.events).toHaveLength(2);
  });

  it("tells how much another did not take", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    receiver.script.push({ path: "/trace/v1", status: 403 });
    const points = [counter(), counter({ value: -1 })];
    expect(
      await reporter.report(batch({ points, spans, errors, events: [event()] }), call()),
    ).toEqual({ rejected: 2, reason: "1: it counts backwards; 1: HTTP status 403" });
    expect(receiver.events).toHaveLength(2);
  });

  it("remembers a refusal until the whole is told", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const same = full();
    receiver.script.push({ path: "/metric/v1", status: 400 }, { path: "/trace/v1", status: 503 });
    await expect(reporter.report(same, call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_RETRY_LATER",
    });
    expect(await reporter.report(same, call())).toEqual({
      rejected: 3,
      reason: "3: HTTP status 400",
    });
    expect(receiver.metrics).toEqual([]);
    expect(receiver.spans).toHaveLength(1);
  });

  it("is not divided, since that would repeat what was taken", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    receiver.script.push({ path: "/trace/v1", status: 413 });
    expect(await reporter.report(batch({ points: [counter()], spans }), call())).toEqual({
      rejected: 1,
      reason: "1: HTTP status 413",
    });
  });
});

describe("a call", () => {
  it("ends when it is aborted, with a server that says nothing", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    receiver.silent = true;
    const over = new AbortController();
    const pending = reporter.report(full(), call(over.signal));
    const watched = expect(pending).rejects.toThrow("time is up");
    while (receiver.posts === 0) await new Promise((resolve) => setImmediate(resolve));
    over.abort(new Error("time is up"));
    await watched;
  });

  it("sends nothing when it was aborted before", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const over = AbortSignal.abort(new Error("time is up"));
    await expect(reporter.report(full(), call(over))).rejects.toThrow("time is up");
    expect(receiver.posts).toBe(0);
  });

  it("to where nobody listens says so without the key", async () => {
    const receiver = await Receiver.start(now);
    await receiver[Symbol.asyncDispose]();
    const reporter = await openTo(receiver.url);
    const thrown = await reporter.report(full(), call()).catch((reason: unknown) => reason);
    expect((thrown as Error).cause).toMatchObject({ code: "ECONNREFUSED" });
    expect(JSON.stringify([String(thrown), (thrown as Error).stack])).not.toContain(KEY);
  });

  it("may come after the end of the reporter has been asked for twice", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    await reporter.close?.();
    await reporter.close?.();
    await reporter.report(full(), call());
    expect(receiver.taken).toHaveLength(3);
  });
});
