import { execFile } from "node:child_process";
import { expect, it, onTestFinished, type TestContext } from "vitest";
import { freePort, waitFor } from "../process/support.ts";
import { ask } from "../support/http.ts";
import { type Prometheus, startPrometheus } from "../support/prometheus.ts";
import { steadyLoad } from "../support/steady-load.ts";
import { type Family, startFamily } from "./support.ts";

const RATE = 50;
/** How long the server waits before it answers. */
const WAIT_MS = 30;
const WEB_TOTAL = 'http_server_responses_total{job="all",process="web",class="2xx"}';

interface Scraped extends Family {
  readonly web: number;
  readonly admin: number;
}

async function startScraped(): Promise<Scraped> {
  const web = await freePort();
  const admin = await freePort();
  const family = await startFamily({
    "agent.mjs": "",
    "elpis.config.mjs": `import { admin } from "@elpis/admin";
      import { metrics } from "@elpis/metrics";
      export default { name: "scraped", agent: "./agent.mjs",
        processes: { web: { entry: "./web.mjs", scale: 2, ready: "listen", env: { PORT: "${web}" } } },
        plugins: [metrics({ intervalMs: 500 }), admin({ port: ${admin} })] };`,
    "web.mjs": `import { createServer } from "node:http";
      createServer((_, response) => setTimeout(() => response.end("hi"), ${WAIT_MS})).listen(Number(process.env.PORT), "127.0.0.1");`,
  });
  return { ...family, web, admin };
}

/** How many requests there were by the counter between two times, as Prometheus reckons it. */
const increase = (prometheus: Prometheus, from: number, to: number): Promise<number> => {
  const span = Math.round((to - from) / 1000);
  return prometheus
    .value(`rate(${WEB_TOTAL}[${span}s])`, to)
    .then((rate) => (rate * (to - from)) / 1000);
};

/** How often each counter and each histogram of a job fell; `resets` alone forgets which is which. */
const resets = (job: string): string => {
  const sums = `{job="${job}",__name__=~".+_(total|count|sum|bucket)",__name__!~"system_.+"}`;
  return `resets(label_replace(${sums}, "sum", "$1", "__name__", "(.+)")[2m:1s])`;
};

it("a real Prometheus sees the right rate and quantiles, and no reset when a worker is killed", async (context) => {
  const app = await startScraped();
  const prometheus = await startPrometheus(app.admin, { all: "name", each: "process" }, context);
  const load = steadyLoad(`http://127.0.0.1:${app.web}/`, RATE);
  onTestFinished(() => load.end());
  const spanMs = 10_000;
  // One more than the span needs, as a rate is between the first and the last of them.
  const loaded = (): Promise<true> => prometheus.has(WEB_TOTAL, Date.now(), spanMs / 1000 + 1);
  await loaded();

  const quiet = Date.now();
  const seen = await increase(prometheus, quiet - spanMs, quiet);
  const right = load.answered(quiet - spanMs, quiet);
  expect(Math.abs(seen - right) / right, `${seen} seen, ${right} answered`).toBeLessThan(0.1);
  const quantile = (share: number): string =>
    `histogram_quantile(${share}, sum by (le) (rate(http_server_request_duration_seconds_bucket{job="all",process="web"}[10s])))`;
  const median = 1000 * (await prometheus.value(quantile(0.5)));
  const p99 = 1000 * (await prometheus.value(quantile(0.99)));
  // The bucket that holds it is from 25 to 50 ms; the client waits for more than the server does.
  expect(median).toBeGreaterThan(25);
  expect(median).toBeLessThan(50);
  expect(p99).toBeGreaterThanOrEqual(median);
  expect(p99).toBeLessThan(2 * load.quantile(1) + 50);

  const pid = await app.pidOf("web");
  process.kill(pid, "SIGKILL");
  await waitFor(
    "its restart to be scraped",
    async () => {
      const restarts =
        'elpis_process_restarts_total{job="all",exported_process="web",cause="signal"}';
      return (await prometheus.query(restarts)).length === 1;
    },
    20_000,
  );
  await loaded();
  const late = Date.now();
  const after = await increase(prometheus, late - spanMs, late);
  const answered = load.answered(late - spanMs, late);
  expect(Math.abs(after - answered) / answered, `${after} seen, ${answered}`).toBeLessThan(0.1);
  expect(load.failed).toBeLessThanOrEqual(RATE * 0.2);

  const fallen = await prometheus.query(`${resets("all")} > 0`);
  expect(fallen).toEqual([]);
  expect((await prometheus.query(`${resets("all")} == 0`)).length).toBeGreaterThan(100);
  // That it would be seen: the counters of each process by itself do begin anew.
  const own = await prometheus.query(`${resets("each")} > 0`);
  const sums = own.map(({ labels }) => `${labels.sum} ${labels.process}.${labels.index}`);
  expect(sums).toContain("http_server_responses_total web.0");

  const isWell = { health: "up", lastError: "" };
  expect(await prometheus.targets()).toMatchObject([isWell, isWell]);
  expect(await prometheus.value("min(min_over_time(up[2m]))")).toBe(1);
  expect(await prometheus.value("min(scrape_samples_scraped)")).toBeGreaterThan(500);
});

/** Names that say what OpenTelemetry says; they are gauges, and promtool would like them to end otherwise. */
const LINT = [
  'system_cpu_count non-histogram and non-summary metrics should not have "_count" suffix',
  'system_disk_partition_files_total non-counter metrics should not have "_total" suffix',
];

it("promtool has nothing to say against what is scraped", async (context) => {
  if (!(await has("promtool", context))) return;
  const app = await startScraped();
  await ask(`http://127.0.0.1:${app.web}/`);
  const url = `http://127.0.0.1:${app.admin}/metrics/prometheus`;
  for (const scope of ["name", "process", "app"]) {
    const text = await waitFor("the request", async () => {
      const answer = await ask(`${url}?scope=${scope}`);
      return answer.text.includes("http_server_request_duration_seconds_count{") && answer.text;
    });
    expect(text.split("\n").length).toBeGreaterThan(500);
    const { code, said } = await promtool(text);
    expect(code, said).not.toBe(1);
    expect(said.split("\n").filter((line) => line !== "" && !LINT.includes(line))).toEqual([]);
  }
  // It does find what is wrong.
  expect((await promtool("a{ 1\n")).code).toBe(1);
});

function promtool(text: string): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise((resolve) => {
    const child = execFile("promtool", ["check", "metrics"], (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, said: stdout + stderr }),
    );
    child.stdin?.end(text);
  });
}

function has(program: string, context: TestContext): Promise<boolean> {
  return new Promise((resolve, reject) => {
    execFile("which", [program], (error) => {
      if (error === null) return resolve(true);
      const reason = `${program} is not installed`;
      if (process.env.ELPIS_REQUIRE_SERVICES === "1") return reject(new Error(reason));
      console.log(`skipped: ${reason}`);
      context.skip(reason);
    });
  });
}
