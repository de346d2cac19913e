import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type HttpBackend, httpBackend } from "@elpis/testing";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { SERVER, writeApp } from "../cli/fixtures.ts";
import { ElpisHome } from "../support/elpis.ts";
import { ask } from "../support/http.ts";
import { freePort } from "../support/port.ts";
import { until } from "../support/wait.ts";

const NAME = "http.server.responses";
const REQUESTS = 30;

let home: ElpisHome;
let dir: string;

beforeEach(async () => {
  home = await ElpisHome.create();
  dir = join(home.dir, "work");
});
afterEach(() => home.remove());

async function sink(): Promise<HttpBackend<string>> {
  const backend = await httpBackend<string>({
    options: (url) => url,
    answer: () => ({ status: 202 }),
  });
  onTestFinished(() => backend.close());
  return backend;
}

/** Lines of StatsD, as they come. */
async function datagrams(): Promise<{ port: number; lines: string[] }> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await new Promise<void>((resolve) => socket.once("listening", resolve));
  onTestFinished(() => void socket.close());
  const lines: string[] = [];
  socket.on("message", (message) => lines.push(...message.toString().split("\n")));
  return { port: socket.address().port, lines };
}

const sum = (values: Iterable<number>): number => [...values].reduce((all, one) => all + one, 0);

/** Of series of totals, the last of each. */
function lastOf(pairs: ReadonlyArray<readonly [series: string, total: number]>): number {
  return sum(new Map(pairs).values());
}

/** What each backend says how many requests there were, read as that backend reads it. */
const READ = {
  otlp: ({ requests }: HttpBackend<string>): number =>
    lastOf(
      requests.flatMap(({ body }) => {
        const { resourceMetrics = [] } = JSON.parse(body.toString());
        return resourceMetrics.flatMap((one: Otlp) =>
          one.scopeMetrics.flatMap(({ metrics }) =>
            metrics
              .filter(({ name }) => name === NAME)
              .flatMap(({ sum: found }) =>
                found.dataPoints.map((point) => [
                  JSON.stringify(point.attributes),
                  Number(point.asInt ?? point.asDouble),
                ]),
              ),
          ),
        );
      }),
    ),
  "new-relic": ({ requests }: HttpBackend<string>): number =>
    sum(
      requests.flatMap(({ body }) => {
        const all = JSON.parse(gunzipSync(body).toString()) as { metrics: NewRelicMetric[] }[];
        return all
          .flatMap(({ metrics = [] }) => metrics)
          .filter(({ name, type }) => name === NAME && type === "count")
          .map(({ value }) => value);
      }),
    ),
  "open-falcon": ({ requests }: HttpBackend<string>): number =>
    lastOf(
      requests.flatMap(({ body }) =>
        (JSON.parse(body.toString()) as FalconItem[])
          .filter(({ metric }) => metric === NAME)
          .map(({ tags, value }) => [tags, value] as const),
      ),
    ),
};

interface Otlp {
  readonly scopeMetrics: ReadonlyArray<{
    readonly metrics: ReadonlyArray<{
      readonly name: string;
      readonly sum: {
        readonly dataPoints: ReadonlyArray<{
          readonly attributes: unknown;
          readonly asInt?: string;
          readonly asDouble?: number;
        }>;
      };
    }>;
  }>;
}
interface NewRelicMetric {
  readonly name: string;
  readonly type: string;
  readonly value: number;
}
interface FalconItem {
  readonly metric: string;
  readonly tags: string;
  readonly value: number;
}

test("every backend is told the same, once for all workers, also when one of them dies", async () => {
  const [collector, relic, falcon, remote] = await Promise.all([sink(), sink(), sink(), sink()]);
  const udp = await datagrams();
  const port = await freePort();
  await writeApp(dir, {
    "server.mjs": SERVER,
    "elpis.config.mjs": `
      import { metrics } from "@elpis/metrics";
      import { alinode } from "@elpis/reporter-alinode";
      import { consoleReporter } from "@elpis/reporter-console";
      import { file } from "@elpis/reporter-file";
      import { newRelic } from "@elpis/reporter-newrelic";
      import { openFalcon } from "@elpis/reporter-open-falcon";
      import { otlp } from "@elpis/reporter-otlp";
      import { prometheusRemoteWrite } from "@elpis/reporter-prometheus";
      import { statsd } from "@elpis/reporter-statsd";
      const every = "500ms";
      export default { name: "shop",
        processes: { web: { entry: "./server.mjs", scale: 2, ready: "listen", env: { PORT: "${port}" } } },
        plugins: [
          metrics({ intervalMs: 200 }),
          otlp({ every, protocol: "http/json", endpoint: "${collector.url}" }),
          newRelic({ every, apiKey: "0123456789", accountId: 1, metricUrl: "${relic.url}/m", traceUrl: "${relic.url}/t", eventUrl: "${relic.url}/e" }),
          openFalcon({ every: "1s", minStepSeconds: 1, endpoint: "here", agent: "${falcon.url}" }),
          prometheusRemoteWrite({ every, url: "${remote.url}" }),
          statsd({ every, dialect: "dogstatsd", host: "127.0.0.1", port: ${udp.port} }),
          file({ every, path: "./all.jsonl" }),
          // What reads its files takes so many lines of a minute, and this may take half of one.
          alinode({ every: "5s", dir: "./alinode" }),
          consoleReporter({ every, only: { names: ["${NAME}"] } }),
        ] };`,
  });
  const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
  await symlink(modules, join(dir, "node_modules"));
  expect((await home.run(["start"], { cwd: dir })).code).toBe(0);
  const statuses = async () => {
    const { reporters } = await home.json<{
      reporters: ReadonlyArray<{ name: string; state: string; lastError?: { message: string } }>;
    }>(["reporters"], { cwd: dir });
    return reporters;
  };
  await until("all to be open", async () => {
    const all = await statuses();
    return all.length === 8 && all.every(({ state }) => state !== "opening");
  });
  for (let at = 0; at < REQUESTS / 2; at += 1) await ask(`http://127.0.0.1:${port}/`);
  const told = {
    otlp: () => READ.otlp(collector),
    "new-relic": () => READ["new-relic"](relic),
    "open-falcon": () => READ["open-falcon"](falcon),
    statsd: () =>
      sum(
        udp.lines.flatMap((line) => {
          const found = new RegExp(`^${NAME}:(\\d+(?:\\.\\d+)?)\\|c`).exec(line);
          return found === null ? [] : [Number(found[1])];
        }),
      ),
    file: () => {
      const lines = readFileSync(join(dir, "all.jsonl"), "utf8").split("\n").filter(Boolean);
      const points = lines.map((line) => JSON.parse(line)).filter(({ name }) => name === NAME);
      return lastOf(
        points.map(({ tags, source, value }) => [JSON.stringify([tags, source]), value]),
      );
    },
  };
  const all = (): Record<string, number> =>
    Object.fromEntries(Object.entries(told).map(([name, read]) => [name, read()]));
  const everybody = (count: number): Record<string, number> =>
    Object.fromEntries(Object.keys(told).map((name) => [name, count]));
  const know = (count: number): Promise<unknown> =>
    until(`everybody to know of ${count}`, () =>
      JSON.stringify(all()) === JSON.stringify(everybody(count)) ? true : Promise.reject(all()),
    );
  await know(REQUESTS / 2);
  // All is told: whoever dies now takes nothing with it.
  const { stdout } = await home.run(["pid", "web.0"], { cwd: dir });
  process.kill(Number(stdout), "SIGKILL");
  await until("another one", async () => {
    const next = await home.run(["pid", "web.0"], { cwd: dir });
    return next.code === 0 && next.stdout !== stdout;
  });
  for (let at = 0; at < REQUESTS / 2; at += 1) await ask(`http://127.0.0.1:${port}/`);
  await know(REQUESTS);
  expect(remote.requests.length).toBeGreaterThan(2);
  const { stdout: printed } = await home.run(["logs", "--process", "agent"], { cwd: dir });
  expect(printed).toContain(NAME);
  const wrong = (await statuses()).filter(({ state }) => state !== "ok");
  expect(wrong).toEqual([]);
});
