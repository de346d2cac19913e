// A Prometheus of its own for a run, asked by its HTTP API.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./application.mjs";
import { until } from "./numbers.mjs";

/** Whether there is one; where services are required, that there is none is a failure. */
export function hasPrometheus() {
  try {
    execFileSync("which", ["prometheus"], { stdio: "ignore" });
    return true;
  } catch (error) {
    if (process.env.ELPIS_REQUIRE_SERVICES !== "1") return false;
    throw new Error("prometheus is not installed", { cause: error });
  }
}

/** Scrapes `/metrics` of a port each second. */
export class Prometheus {
  #port;

  static async start(run, target) {
    const prometheus = new Prometheus();
    const port = await freePort();
    prometheus.#port = port;
    const dir = join(run.home, "prometheus");
    mkdirSync(dir);
    const config = {
      global: { scrape_interval: "1s", scrape_timeout: "900ms" },
      scrape_configs: [
        { job_name: "elpis", static_configs: [{ targets: [`127.0.0.1:${target}`] }] },
      ],
    };
    const file = join(dir, "prometheus.yml");
    // All of JSON is YAML.
    writeFileSync(file, JSON.stringify(config));
    const args = [
      ...[`--config.file=${file}`, `--storage.tsdb.path=${join(dir, "data")}`],
      ...[`--web.listen-address=127.0.0.1:${port}`, "--log.level=error"],
    ];
    // It is found by ELPIS_HOME when this program is killed.
    const child = spawn("prometheus", args, { stdio: "ignore" });
    run.atEnd(() => child.kill("SIGKILL"));
    await until(
      "a first scrape",
      async () => {
        if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}`);
        return (await prometheus.query("up").catch(() => [])).length > 0;
      },
      30_000,
    );
    return prometheus;
  }

  /** What a query gives: the labels and the value of each series. */
  async query(text) {
    const url = `http://127.0.0.1:${this.#port}/api/v1/query?query=${encodeURIComponent(text)}`;
    const { status, data, error } = await (await fetch(url)).json();
    if (status !== "success") throw new Error(`${text}: ${error}`);
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** The one value of a query; 0 when there is none. */
  async value(text) {
    const [found] = await this.query(text);
    return found?.value ?? 0;
  }
}
