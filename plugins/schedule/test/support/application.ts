import type { Client, Logger } from "@elpis/api";
import { startTestHub, type TestHub, type TestLocation, tempDir, waitFor } from "@elpis/testing";
import { onTestFinished } from "vitest";
import {
  type RunRecord,
  type ScheduleOptions,
  schedule,
  type TaskChange,
  type Tasks,
  type TaskTopics,
  tasks,
} from "../../src/index.ts";

export const SILENT: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => SILENT,
};

/** A process that takes part. */
interface Worker {
  readonly hub: Client;
  readonly own: Tasks;
}

/** A hub with the coordinator, and whoever joins it. */
export interface Family {
  readonly test: TestHub;
  /** Asks the coordinator, as a person would. */
  readonly ask: Client<TaskTopics>;
  /** What it has told so far. */
  readonly told: TaskChange[];
  join(location?: TestLocation): Promise<Worker>;
  /** Waits for a run that ended. */
  ended(test: (record: RunRecord) => boolean, what?: string): Promise<RunRecord>;
}

/** @param log where the coordinator and the processes complain */
export async function family(options: ScheduleOptions = {}, log: Logger = SILENT): Promise<Family> {
  const test = await startTestHub({ log, plugins: [schedule(options)] });
  onTestFinished(() => test.close());
  const ask = await test.join<TaskTopics>({ role: "peer", name: "asker" });
  const told: TaskChange[] = [];
  ask.on("elpis.task", (change) => told.push(change));
  await test.settled();
  return {
    ...{ test, ask, told },
    join: async (location = { name: "web" }) => {
      const hub = await test.join(location);
      return { hub, own: tasks(hub, { log }) };
    },
    ended: (accepts, what = "a run to end") =>
      waitFor(() => told.find((one) => one.type === "ended" && accepts(one)) as RunRecord, {
        what,
      }),
  };
}

/** A folder for state that goes with the test. */
export async function stateDir(): Promise<string> {
  const dir = await tempDir();
  onTestFinished(() => dir.remove());
  return dir.path;
}

/** A promise, and what settles it. */
export function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
