import type { Client } from "@elpis/api";
import { createMaster, loadConfig, type Master, type ProcessStatus } from "@elpis/process";
import { onTestFinished } from "vitest";
import { makeDir, SILENT } from "../process/support.ts";

/** How long a process may take to answer, in milliseconds. */
const ANSWER_MS = 30_000;

/** An application under test that has a configuration file of its own. */
export interface App {
  readonly master: Master;
  readonly lines: string[];
  /** Calls what a process handles. */
  ask(process: string, topic: string, input?: unknown): Promise<unknown>;
  pid(process: string): number;
  /** Whether the start of a process with that number is ready. */
  isReady(process: string, epoch: number): boolean;
}

/** Starts an application with the given files, one of which is its configuration; it is killed after the test. */
export async function startApp(files: Readonly<Record<string, string>>): Promise<App> {
  const dir = makeDir(files);
  const lines: string[] = [];
  const master = createMaster({
    config: await loadConfig({ path: dir }),
    dir: `${dir}/run`,
    log: SILENT,
    output: ({ process, index, text }) => void lines.push(`${process}.${index} ${text}`),
  });
  onTestFinished(() => master.stop({ now: true }));
  await master.start();
  const client: Client = master.hub.client;
  return {
    master,
    lines,
    ask: (process, topic, input) =>
      client.request(topic, input, { to: location(process), timeoutMs: ANSWER_MS }),
    pid: (process) => statusOf(master, process).pid as number,
    isReady: (process, epoch) => {
      const status = statusOf(master, process);
      return status.epoch === epoch && status.state === "ready";
    },
  };
}

function location(process: string): { readonly name: string; readonly index: number } {
  const [name = "", index = "0"] = process.split(".");
  return { name, index: Number(index) };
}

function statusOf(master: Master, process: string): ProcessStatus {
  const { name, index } = location(process);
  const { processes } = master.status();
  const found = processes.find((one) => one.name === name && one.index === index);
  if (found === undefined) throw new Error(`there is no ${process}`);
  return found;
}
