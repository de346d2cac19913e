import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@elpis/api";
import { connect } from "@elpis/core";
import type { MetricsTopics, PointsQuery } from "@elpis/metrics";
import type { Point } from "@elpis/telemetry";
import { onTestFinished } from "vitest";
import { isAlive, makeDir, waitFor } from "../process/support.ts";

const RUN = `import { createMaster, loadConfig } from "@elpis/process";
  const log = { debug() {}, info() {}, warn: console.error, error: console.error, child: () => log };
  const master = createMaster({ config: await loadConfig(), dir: process.cwd() + "/run", output: ({ text }) => console.error(text), log });
  await master.start();
  console.log("up");
  process.on("SIGTERM", () => void master.stop());`;

/** An application whose master is a process of its own. */
export interface Family {
  readonly dir: string;
  master: ChildProcess;
  /** From outside; finds the hub again when it comes back. */
  readonly client: Client<MetricsTopics>;
  points(query?: PointsQuery): Promise<readonly Point[]>;
  /** The number of a process that runs now. */
  pidOf(name: string, index?: number): Promise<number>;
}

/** Starts an application with these files besides its configuration. */
export async function startFamily(files: Readonly<Record<string, string>>): Promise<Family> {
  const dir = makeDir({ "run.mjs": RUN, ...files });
  const master = await startMaster(dir);
  const endpoint = (): { path: string; secret: string } =>
    JSON.parse(readFileSync(join(dir, "run", "hub.json"), "utf8"));
  const client = (await connect({
    ...endpoint(),
    endpoint,
    location: { name: "reader" },
  })) as Client;
  const family: Family = {
    dir,
    master,
    client: client as unknown as Client<MetricsTopics>,
    points: async (query = {}) => {
      const points: Point[] = [];
      for (;;) {
        const page = await family.client.request(
          "elpis.metrics.points",
          { noBuckets: true, ...query, offset: points.length },
          { timeoutMs: 2000 },
        );
        points.push(...page.points);
        if (page.points.length === 0 || points.length >= page.total) return points;
      }
    },
    pidOf: async (name, index = 0) => {
      const peers = await client.peers({ name, index });
      return Math.max(...peers.map(({ pid }) => pid));
    },
  };
  onTestFinished(() => client.close());
  return family;
}

/** Starts a master in a folder, and waits until all of its processes are ready. */
export async function startMaster(dir: string): Promise<ChildProcess> {
  const master = spawn(process.execPath, ["run.mjs"], {
    cwd: dir,
    stdio: ["ignore", "pipe", "inherit"],
  });
  // It takes its processes with it: nobody writes to the folder when it is removed.
  onTestFinished(async () => {
    master.kill("SIGTERM");
    await waitFor("the end of the master", () => !isAlive(master.pid as number), 20_000);
  });
  await once(master.stdout as never, "data");
  return master;
}

/** The sum of a counter, or the count of a histogram, over all its series. */
export function total(points: readonly Point[], name: string): number {
  return points
    .filter((point) => point.name === name)
    .reduce((sum, point) => sum + (point.kind === "histogram" ? point.count : point.value), 0);
}
