import type { CallOptions, Client } from "@elpis/api";
import { withMaster } from "../../apps.ts";
import type { TaskTopics } from "../../preset.ts";

/** A line to whoever keeps the times of an app's tasks. */
export interface TaskLine {
  readonly client: Client<TaskTopics>;
  readonly call: CallOptions;
}

/** Talks to the coordinator of tasks. @throws ELPIS_CLI_NO_PLUGIN when the app has none, and as `withMaster` */
export function withTasks<Answer>(
  app: string,
  timeoutMs: number,
  work: (line: TaskLine) => Promise<Answer>,
): Promise<Answer> {
  return withMaster(app, timeoutMs, ({ client, call }) =>
    work({ client: client as unknown as Client<TaskTopics>, call }),
  );
}

/** The names of an app's tasks; none where it cannot be asked. */
export async function taskNames(app: string, timeoutMs: number): Promise<string[]> {
  try {
    const { tasks } = await withTasks(app, timeoutMs, ({ client, call }) =>
      client.request("elpis.tasks.list", {}, call),
    );
    return tasks.map(({ name }) => name);
  } catch {
    return [];
  }
}
