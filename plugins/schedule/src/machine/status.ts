import type { RunUnderWay, TaskState, TaskStatus } from "../contract.ts";
import { describeSchedule } from "../definition/definition.ts";
import type { Runners } from "./runners.ts";
import type { Task } from "./task.ts";
import type { Moment } from "./timetable.ts";
import { attemptOf, holderOf, titleOf, tokenOf, type Work } from "./work.ts";

/** How a task is, for whoever asks. */
export function statusOf(task: Task, runners: Runners, now: Moment): TaskStatus {
  const { definition, history, pause, source } = task;
  const { on, overlap, missed, timeoutMs, fork } = definition;
  const nextAt = task.nextMs(now);
  const runs = task.works.all.map(underWay);
  const { last } = history;
  return {
    name: task.task,
    source,
    schedule: describeSchedule(definition.schedule),
    on: fork === undefined ? on : "fork",
    state: stateOf(task, runs),
    ...{ overlap, missed },
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(nextAt !== undefined && { nextAt }),
    ...(last !== undefined && { last }),
    runs,
    runners: runners.titles(task.task),
    counts: history.counts,
    ...(pause !== undefined && { pausedBy: pause.by, pausedAt: pause.at }),
  };
}

function stateOf(task: Task, runs: readonly RunUnderWay[]): TaskState {
  const has = (...states: readonly RunUnderWay["state"][]): boolean =>
    runs.some(({ state }) => states.includes(state));
  if (has("running", "ending", "starting")) return "running";
  if (has("retrying")) return "retrying";
  if (has("waiting")) return "waiting";
  if (task.pause !== undefined) return "paused";
  if (!task.definition.enabled) return "disabled";
  return task.isOver ? "over" : "idle";
}

function underWay(work: Work): RunUnderWay {
  const { id, scheduledAt, by, phase } = work;
  const identity = holderOf(work)?.identity;
  const token = tokenOf(work);
  return {
    ...{ id, scheduledAt },
    state: runState(work),
    attempt: attemptOf(work),
    ...(phase.name === "running" && { startedAt: phase.startedAt }),
    ...(identity !== undefined && { where: titleOf(identity), pid: identity.pid }),
    ...(token !== undefined && { token }),
    ...(by !== undefined && { by }),
  };
}

function runState({ phase, failures, losses }: Work): RunUnderWay["state"] {
  switch (phase.name) {
    case "waiting":
      return failures + losses > 0 ? "retrying" : "waiting";
    case "offered":
      return "starting";
    case "running":
      return phase.isOverdue === true ? "ending" : "running";
    default:
      return phase.name;
  }
}
