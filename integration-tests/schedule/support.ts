import type { Client } from "@elpis/api";
import { type ScheduleOptions, schedule, type TaskStatus, type TaskTopics } from "@elpis/schedule";
import { type App, makeApp, waitFor } from "../process/support.ts";

type Files = Parameters<typeof makeApp>[0];
type Config = Parameters<typeof makeApp>[1];

/** An application with tasks. */
export interface TaskApp extends App {
  /** Asks the coordinator. */
  readonly ask: Client<TaskTopics>;
  task(name: string): Promise<TaskStatus>;
}

/** Starts one whose master is in this process; `tasks` is imported and `own` made in every module. */
export async function startApp(
  files: Files,
  config: Config,
  options: ScheduleOptions,
  more: Parameters<typeof makeApp>[2] = {},
): Promise<TaskApp> {
  const app = makeApp(files, { ...config, plugins: [schedule(options)] }, more);
  await app.master.start();
  const ask = app.master.hub.client as unknown as Client<TaskTopics>;
  return {
    ...app,
    ask,
    task: async (name) => {
      const { tasks } = await ask.request("elpis.tasks.list", {});
      const found = tasks.find((one) => one.name === name);
      if (found === undefined) throw new Error(`there is no task ${name}`);
      return found;
    },
  };
}

/** What a module that runs tasks begins with. */
export const OWN = `import { hub } from "@elpis/core/process";
import { tasks } from "@elpis/schedule";
const own = tasks(hub);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
`;

/** Waits until so many processes offer a task. */
export function offered(app: TaskApp, name: string, count = 1): Promise<boolean> {
  return waitFor(
    `${name} to be offered`,
    async () => (await app.task(name)).runners.length >= count,
  );
}
