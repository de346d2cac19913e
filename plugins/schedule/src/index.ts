import { application, auditLog, definePlugin, oneOffs, type PluginFactory } from "@elpis/api";
import { resolveOptions, type ScheduleOptions, scheduleSchema } from "./options.ts";

export type {
  CommitOptions,
  ForkOptions,
  Outcome,
  RetryOptions,
  RunRecord,
  RunUnderWay,
  TaskContext,
  TaskFunction,
  TaskOptions,
  TaskState,
  TaskStatus,
  TaskStore,
  Tasks,
} from "./contract.ts";
export { createFence, type Fence, type FenceOptions } from "./fence.ts";
export type { ScheduleOptions } from "./options.ts";
export { type TasksOptions, tasks } from "./runner/tasks.ts";
export type { Asked, AskedTask, TaskChange, TaskTopics } from "./topics.ts";

/**
 * Runs tasks by timetable, interval or once, each run in exactly one process among many.
 *
 * @example plugins: [schedule({ tasks: { cleanup: { cron: "0 3 * * *", entry: "./tasks/cleanup.ts" } } })]
 */
export const schedule: PluginFactory<ScheduleOptions> = definePlugin<ScheduleOptions>({
  name: "schedule",
  roles: ["master"],
  wants: [application, oneOffs, auditLog],
  options: scheduleSchema,
  async setup(host, options) {
    // Loaded where it runs: every process that has tasks loads this file.
    const { startCoordinator } = await import("./master/start.ts");
    await startCoordinator(host, resolveOptions(options));
  },
});
