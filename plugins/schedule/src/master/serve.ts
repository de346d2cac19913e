import {
  type AuditLog,
  type Client,
  formatLocation,
  type Location,
  type Logger,
  type RequestContext,
} from "@elpis/api";
import { readDefinition } from "../definition/read.ts";
import type { AskedTask, Registration, RunTopics, TaskTopics } from "../topics.ts";
import { type Coordinator, holderOf } from "./coordinator.ts";

/** What the coordinator is reached with. */
export interface ServeParts {
  readonly hub: Client;
  readonly coordinator: Coordinator;
  readonly log: Logger;
  /** Where it is written down who has asked for what. */
  readonly audit: AuditLog | undefined;
}

const MAX_BY_LENGTH = 200;

/** Answers what processes say about their runs, and what people ask. */
export function serve(parts: ServeParts): void {
  serveRuns(parts);
  servePeople(parts);
}

function serveRuns({ hub, coordinator }: ServeParts): void {
  const runs = hub as unknown as Client<RunTopics>;
  runs.handle("elpis.tasks.register", (registration, { from }) => {
    coordinator.prober.meet(from.pid);
    return register(coordinator, registration, from);
  });
  // Answered at once: what it rests on was written down before the run was given away.
  runs.handle("elpis.tasks.renew", (held, { from }) =>
    coordinator.step((scheduler, now) => scheduler.renew(held, holderOf(from), now)),
  );
  runs.handle("elpis.tasks.finish", async (input, { from }) => {
    const verdict = coordinator.step((scheduler, now) =>
      scheduler.finish(input, holderOf(from), input.result, now),
    );
    await coordinator.settled();
    return verdict;
  });
  runs.handle("elpis.tasks.put", async (input, { from }) => {
    const verdict = coordinator.step((scheduler) =>
      scheduler.put(input, holderOf(from), input.put),
    );
    await coordinator.settled();
    return verdict;
  });
  runs.handle("elpis.tasks.get", ({ task, key }) => {
    const json = coordinator.step((scheduler) => scheduler.get(task, key));
    return json === undefined ? {} : { json };
  });
}

/** Takes what a process offers; a task whose module is not there is left out, and said. */
function register(
  coordinator: Coordinator,
  { since, tasks }: Registration,
  from: Location,
): { problems: Array<{ task: string; message: string }> } {
  const problems: Array<{ task: string; message: string }> = [];
  const sound = tasks.filter(({ name, options }) => {
    if (options?.entry === undefined) return true;
    try {
      const { fork } = readDefinition(name, options);
      if (fork !== undefined) coordinator.forks.check(name, fork);
      return true;
    } catch (error) {
      problems.push({ task: name, message: (error as Error).message });
      return false;
    }
  });
  const more = coordinator.step((scheduler, now) =>
    scheduler.register(from, { since, tasks: sound }, now),
  );
  return { problems: [...problems, ...more] };
}

function servePeople({ hub, coordinator, log, audit }: ServeParts): void {
  const people = hub as unknown as Client<TaskTopics>;
  const note = (operation: string, input: AskedTask, { from }: RequestContext): string => {
    const by = whoAsks(input, from);
    log.info(`task ${input.task}: ${operation}, asked for by ${by}`);
    audit?.write({ operation: `task-${operation}`, task: input.task, by });
    return by;
  };
  people.handle("elpis.tasks.list", () => ({
    tasks: coordinator.step((scheduler, now) => scheduler.list(now)),
  }));
  people.handle("elpis.tasks.history", ({ task, limit }) => ({
    task,
    runs: coordinator.step((scheduler) => scheduler.history(task, limit)),
  }));
  people.handle("elpis.tasks.pause", async (input, context) => {
    const by = whoAsks(input, context.from);
    const status = coordinator.step((scheduler, now) => scheduler.pause(input.task, by, now));
    note("pause", input, context);
    await coordinator.settled();
    return status;
  });
  people.handle("elpis.tasks.resume", async (input, context) => {
    const status = coordinator.step((scheduler, now) => scheduler.resume(input.task, now));
    note("resume", input, context);
    await coordinator.settled();
    return status;
  });
  people.handle("elpis.tasks.run", async (input, context) => {
    const by = whoAsks(input, context.from);
    const ids = coordinator.step((scheduler, now) => scheduler.ask(input.task, by, now));
    note("run", input, context);
    const endings =
      input.wait === true ? ids.map((id) => coordinator.ending(id, context.signal)) : [];
    await coordinator.settled();
    return { ids, records: await Promise.all(endings) };
  });
}

/** What somebody says of himself, and what the hub knows: the second cannot be made up. */
function whoAsks({ by }: AskedTask, from: Location): string {
  const peer = formatLocation(from);
  return typeof by === "string" ? `${by.slice(0, MAX_BY_LENGTH)} (${peer})` : peer;
}
