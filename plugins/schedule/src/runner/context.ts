import type { Client } from "@elpis/api";
import type { CommitOptions, TaskContext, TaskStore } from "../contract.ts";
import { refusal } from "../errors.ts";
import type { Puts, RunOrder, RunTopics } from "../topics.ts";
import { keptValue } from "./result.ts";
import type { Run } from "./run.ts";

const CALL_MS = 10_000;

/** What the function of a task sees of its run. */
export class Context implements TaskContext {
  readonly task: string;
  readonly id: string;
  readonly scheduledAt: Date;
  readonly attempt: number;
  readonly token: number;
  readonly by: string | undefined;
  readonly signal: AbortSignal;
  readonly store: TaskStore;
  readonly #run: Run;
  #isCommitted = false;

  constructor(hub: Client<RunTopics>, order: RunOrder, signal: AbortSignal, run: Run) {
    const { task, id, scheduledAt, attempt, token, by } = order;
    this.task = task;
    this.id = id;
    this.scheduledAt = new Date(scheduledAt);
    this.attempt = attempt;
    this.token = token;
    this.by = by;
    this.signal = signal;
    this.#run = run;
    this.store = storeOf(hub, order);
  }

  /** Whether it was said that it is done. */
  get isCommitted(): boolean {
    return this.#isCommitted;
  }

  // A property, so that it may be taken out of its object.
  readonly commit = async (value?: unknown, { put }: CommitOptions = {}): Promise<void> => {
    const puts = put === undefined ? {} : { put: jsonOf(this.task, put) };
    this.#isCommitted = true;
    try {
      await this.#run.finish({ ok: true, ...keptValue(value), ...puts });
    } catch (error) {
      this.#isCommitted = false;
      throw error;
    }
  };
}

function storeOf(hub: Client<RunTopics>, { task, token, id }: RunOrder): TaskStore {
  const call = { to: { role: "master" }, timeoutMs: CALL_MS, absent: "wait" } as const;
  return {
    async get(key) {
      const { json } = await hub.request("elpis.tasks.get", { task, key }, call);
      return json === undefined ? undefined : JSON.parse(json);
    },
    async put(key, value) {
      const put = jsonOf(task, { [key]: value });
      const verdict = await hub.request("elpis.tasks.put", { task, token, put }, call);
      if (verdict.ok) return;
      const what = verdict.message ?? `A value of "${key}" for ${id} was refused`;
      throw refusal(verdict.code, what, { task, key, token });
    },
  };
}

/** @throws ELPIS_SCHEDULE_STORE */
function jsonOf(task: string, values: Readonly<Record<string, unknown>>): Puts {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      if (value === undefined) return [key, undefined];
      const json = JSON.stringify(value) as string | undefined;
      if (json !== undefined) return [key, json];
      const what = `The value of "${key}" is nothing that JSON can hold`;
      throw refusal("ELPIS_SCHEDULE_STORE", what, { task, key });
    }),
  );
}
