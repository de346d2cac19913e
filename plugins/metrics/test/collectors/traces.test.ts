import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import {
  type ActiveTrace,
  createStore,
  type HistogramPoint,
  provideActiveTrace,
} from "@elpis/telemetry";
import { waitFor } from "@elpis/testing";
import { expect, it, onTestFinished } from "vitest";
import { MetricsRegistry } from "../../src/front/registry.ts";
import { measure } from "../../src/process/collect.ts";

const traceOf = (number: number): ActiveTrace => {
  const digits = String(number);
  return { traceId: digits.padStart(32, "0"), spanId: digits.padStart(16, "0"), sampled: true };
};

/** Measures, and traces as a tracer does. */
async function begin() {
  const store = createStore();
  const registry = new MetricsRegistry({ store, tags: {} });
  onTestFinished(
    await measure({
      ...{ registry, options: {}, isForSystem: false },
      ...{ hub: undefined, supervision: undefined },
    }),
  );
  const traces = new AsyncLocalStorage<ActiveTrace>();
  onTestFinished(provideActiveTrace(() => traces.getStore()));
  return {
    within: <Result>(number: number, work: () => Result): Result =>
      traces.run(traceOf(number), work),
    /** By status the numbers of the traces that a histogram says. */
    seen: (name: string): Record<string, number[]> =>
      Object.fromEntries(
        (store.readPoints({ names: [name] }) as HistogramPoint[]).map((point) => [
          String(point.tags["http.response.status_code"]),
          (point.exemplars ?? []).map(({ tags }) => Number(tags.trace_id)),
        ]),
      ),
  };
}

/** Requests of `/status`; the trace of each is its status, and that of whoever asks is one thousand more. */
const STATUSES = [201, 202, 203, 404, 405, 500, 501];
const served = Object.fromEntries(STATUSES.map((status) => [status, [status]]));
const asked = Object.fromEntries(STATUSES.map((status) => [status, [1000 + status]]));

async function portOf(server: http.Server | http2.Http2Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

it("knows the trace of a request that is served, and of one that is made over a connection of another", async () => {
  const { within, seen } = await begin();
  const server = http.createServer((request, response) => {
    const status = Number(request.url?.slice(1));
    within(status, () =>
      setTimeout(() => {
        response.statusCode = status;
        response.end("hi");
      }, 5),
    );
  });
  const port = await portOf(server);
  onTestFinished(() => void server.closeAllConnections());
  const ask = async (status: number): Promise<unknown> =>
    within(1000 + status, async () =>
      (await fetch(`http://127.0.0.1:${port}/${status}`)).arrayBuffer(),
    );
  const [first = 0, second = 0, ...others] = STATUSES;
  await ask(first);
  await Promise.all(others.map(ask));
  await ask(second);
  await waitFor(() => Object.keys(seen("http.server.request.duration")).length === 7, {
    what: "all to be served",
  });
  expect(seen("http.server.request.duration")).toEqual(served);
  expect(seen("http.client.request.duration")).toEqual(asked);
});

it("knows it with node:http as well", async () => {
  const { within, seen } = await begin();
  const server = http.createServer((request, response) => {
    response.statusCode = Number(request.url?.slice(1));
    response.end("hi");
  });
  const port = await portOf(server);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
  onTestFinished(() => agent.destroy());
  const ask = (status: number): Promise<unknown> =>
    within(1000 + status, async () => {
      const request = http.get({ host: "127.0.0.1", port, path: `/${status}`, agent });
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      response.resume();
      await once(response, "end");
    });
  await Promise.all(STATUSES.map(ask));
  expect(seen("http.client.request.duration")).toEqual(asked);
});

it("knows it of HTTP/2", async () => {
  const { within, seen } = await begin();
  const server = http2.createServer();
  server.on("stream", (stream, headers) => {
    const status = Number(headers[":path"]?.slice(1));
    within(status, () =>
      setTimeout(() => {
        stream.respond({ ":status": status });
        stream.end("hi");
      }, 5),
    );
  });
  const session = http2.connect(`http://127.0.0.1:${await portOf(server)}`);
  onTestFinished(() => session.close());
  await Promise.all(
    STATUSES.map(async (status) => {
      const stream = session.request({ ":path": `/${status}` });
      stream.resume();
      await once(stream, "close");
    }),
  );
  await waitFor(() => Object.keys(seen("http.server.request.duration")).length === 7, {
    what: "all to be served",
  });
  expect(seen("http.server.request.duration")).toEqual(served);
});
