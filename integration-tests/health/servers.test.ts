import { createServer, type Socket } from "node:net";
import { readiness } from "@elpis/api";
import { bootPlugins, given } from "@elpis/core";
import { type HealthIndicator, type HealthValue, health } from "@elpis/health";
import { gather } from "@elpis/telemetry";
import { startTestHub } from "@elpis/testing";
import { expect, it, onTestFinished } from "vitest";
import { freePort } from "../support/port.ts";
import { privateServer, type ServerKind } from "../support/servers.ts";
import { until } from "../support/wait.ts";

const INTERVAL_MS = 200;

/** A worker of a real hub that looks at one thing each 200 ms, and what becomes of it. */
async function watching(indicator: HealthIndicator) {
  const test = await startTestHub();
  const agent = await test.join({ role: "agent", name: "agent" });
  const worker = await test.join({ name: "web" });
  const gate = {
    suspend: () => worker.setReady(false),
    resume: () => worker.setReady(true),
  };
  const one = { interval: INTERVAL_MS, timeout: "2s", ...indicator } as HealthIndicator;
  const plugins = await bootPlugins({
    plugins: [health({ indicators: { one }, readiness: true })],
    client: worker,
    given: [given(readiness, gate)],
  });
  onTestFinished(async () => {
    await plugins.close();
    await test.close();
  });
  const value = async () => {
    const { answers } = await gather<HealthValue>(agent, "health");
    return answers.find(({ name }) => name === "one")?.value;
  };
  return {
    value,
    isReady: async () => (await agent.peers({ name: "web" }))[0]?.ready,
    is: (status: string) =>
      until(
        `it to be ${status}`,
        async () => {
          const found = await value();
          if (found?.status === status) return found;
          throw new Error(JSON.stringify(found));
        },
        20_000,
      ),
  };
}

type Kind = [name: string, indicator: (port: number) => HealthIndicator];

const KINDS: [ServerKind, Kind[1]][] = [
  ["redis", (port) => ({ redis: port })],
  ["postgres", (port) => ({ postgres: port })],
  ["mysql", (port) => ({ mysql: port })],
];

it.for(KINDS)(
  "%s: stopped and started, turns readiness off and on within its interval",
  { timeout: 180_000 },
  async ([kind, indicator], context) => {
    const server = await privateServer(kind, context);
    const { is, isReady } = await watching(indicator(server.port));
    expect((await is("down")).message).toContain("ECONNREFUSED");
    await server.start();
    await is("up");
    await until("it to take work", isReady);
    for (const _ of [1, 2]) {
      await server.kill();
      await is("down");
      await until("it to take no work", async () => (await isReady()) === false);
      await server.start();
      await is("up");
      await until("it to take work", isReady);
    }
  },
);

/** A server that does what it is told with each connection. */
async function imitation(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return port;
}

it.for<Kind>([...KINDS, ["http", (port) => ({ http: `http://127.0.0.1:${port}/` })]])(
  "%s: a server that takes connections and says nothing is down when its time is over",
  async ([, indicator]) => {
    const port = await imitation(() => {});
    const { is } = await watching({ ...indicator(port), timeout: 150 } as HealthIndicator);
    expect((await is("down")).message).toBe("It was not known within 150 ms.");
  },
);

it.for(KINDS)("%s: a server of another kind is down", async ([, indicator]) => {
  const port = await imitation((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const { is } = await watching(indicator(port));
  expect((await is("down")).message).toMatch(/not MySQL|not PostgreSQL|answers PING with HTTP/);
});

it.for(KINDS)("%s: one that closes at once is down", async ([, indicator]) => {
  const { is } = await watching(indicator(await imitation((socket) => socket.destroy())));
  expect((await is("down")).message).toMatch(/without an answer|ECONNRESET|EPIPE/);
});

it("redis: one that loads its data is down, one that wants a password is not", async () => {
  const texts = [
    "-LOADING Redis is loading the dataset in memory\r\n",
    "-NOAUTH Authentication required.\r\n",
  ];
  let text = texts[0] as string;
  const port = await imitation((socket) => socket.once("data", () => socket.write(text)));
  const { is } = await watching({ redis: port });
  expect((await is("down")).message).toContain("LOADING");
  text = texts[1] as string;
  await is("up");
});

it("mysql: one without a free connection is down", async () => {
  const body = Buffer.concat([
    Buffer.from([0xff, 0x10, 0x04]),
    Buffer.from("Too many connections"),
  ]);
  const head = Buffer.from([body.length, 0, 0, 0]);
  const port = await imitation((socket) => socket.write(Buffer.concat([head, body])));
  const { is } = await watching({ mysql: port });
  expect((await is("down")).message).toBe("Too many connections (1040)");
});

it("tcp, http, hub, disk, loop, memory and functions", async () => {
  const port = await imitation((socket) =>
    socket.end("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"),
  );
  const cases: readonly [HealthIndicator, string, RegExp?][] = [
    [{ tcp: port }, "up"],
    [{ tcp: await freePort() }, "down", /ECONNREFUSED/],
    [{ http: `http://127.0.0.1:${port}/` }, "down", /answers 503/],
    [{ hub: "nobody.answers" }, "down", /nobody.answers/],
    [{ disk: "/", minFree: 1 }, "up"],
    [{ disk: "/", minFree: "100%" }, "down", /MiB are free/],
    [{ disk: "/not/there" }, "down", /ENOENT/],
    [{ loop: "10s" }, "up"],
    [{ memory: { heap: 1, rss: "100gb" } }, "up"],
    [{ memory: { rss: "1mb" } }, "down", /it holds \d+ MiB/],
    [{ check: () => true }, "up"],
    [{ check: async () => {} }, "up"],
    [{ check: () => false }, "down", /says that it is not well/],
    [{ check: () => Promise.reject(new Error("no")) }, "down", /^no$/],
    [{ check: () => new Promise<boolean>(() => {}), timeout: 50 }, "down", /not known|not come/],
  ];
  for (const [indicator, status, message] of cases) {
    const found = await (await watching(indicator)).is(status);
    if (message !== undefined) expect(found.message).toMatch(message);
  }
});

it("never looks twice at once, however long a look takes", async () => {
  let now = 0;
  let most = 0;
  let end: () => void = () => {};
  const check = (): Promise<boolean> => {
    now += 1;
    most = Math.max(most, now);
    return new Promise((resolve) => {
      end = () => {
        now -= 1;
        resolve(true);
      };
    });
  };
  const { value } = await watching({ check, interval: 20, timeout: 20 });
  await until("it to be stuck", async () =>
    (await value())?.message?.includes("not come to an end"),
  );
  expect(most).toBe(1);
  end();
  await until("it to look again", () => now === 1);
  end();
  expect(most).toBe(1);
});
