import type { Client, Logger, Off } from "@elpis/api";
import type { TaskFunction, TaskOptions, Tasks } from "../contract.ts";
import { nameProblem, readDefinition } from "../definition/read.ts";
import { badDefinition, duplicateTask } from "../errors.ts";
import { EXECUTE_TOPIC, type Registration, type RunOrder, type RunTopics } from "../topics.ts";
import { Registrar } from "./registrar.ts";
import { Run } from "./run.ts";

/** A task that this process takes part in. */
interface Offer {
  readonly run: TaskFunction | undefined;
  readonly options: TaskOptions | undefined;
}

/** See {@link Tasks}. */
export class OwnTasks implements Tasks {
  /** Told when a run is over here, however it ended. */
  onOver: (() => void) | undefined;
  readonly #hub: Client<RunTopics>;
  readonly #offers = new Map<string, Offer>();
  readonly #runs = new Map<number, Run>();
  readonly #registrar: Registrar;

  constructor(hub: Client, log: Pick<Logger, "error">) {
    this.#hub = hub as unknown as Client<RunTopics>;
    this.#registrar = new Registrar(this.#hub, () => this.#registration(), log);
    this.#hub.handle(EXECUTE_TOPIC, (order, { signal }) => this.#execute(order, signal));
    hub.onConnection(({ type }) => {
      if (type !== "back") return;
      this.#registrar.tell();
      for (const run of this.#runs.values()) run.doubt();
    });
  }

  define(name: string, options: TaskOptions, run?: TaskFunction): Off {
    const { fork } = readDefinition(name, options);
    if ((fork === undefined) === (run === undefined)) {
      const got = run === undefined ? "neither" : "both";
      const message = `expected either a function or an \`entry\`, got ${got}`;
      throw badDefinition(name, [{ path: [], message }]);
    }
    return this.#offer(name, { run, options: plain(options) });
  }

  handle(name: string, run: TaskFunction): Off {
    const problem = nameProblem(name);
    if (problem !== undefined) throw badDefinition(name, [{ path: [], message: problem }]);
    return this.#offer(name, { run, options: undefined });
  }

  #offer(name: string, offer: Offer): Off {
    if (this.#offers.has(name)) throw duplicateTask(name);
    this.#offers.set(name, offer);
    this.#registrar.tell();
    return () => {
      if (this.#offers.get(name) !== offer) return;
      this.#offers.delete(name);
      this.#registrar.tell();
    };
  }

  #registration(): Registration {
    return {
      since: Math.round(performance.timeOrigin),
      tasks: [...this.#offers].map(([name, { options }]) =>
        options === undefined ? { name } : { name, options },
      ),
    };
  }

  /** Runs what the coordinator has given, or goes on with it when the link was another one meanwhile. */
  async #execute(order: RunOrder, signal: AbortSignal): Promise<{ started: boolean }> {
    const { task, token } = order;
    let run = this.#runs.get(token);
    if (run === undefined) {
      const offered = this.#offers.get(task)?.run;
      if (offered === undefined) return { started: false };
      run = new Run(this.#hub, order, offered);
      this.#runs.set(token, run);
      void run.over.then(() => {
        this.#runs.delete(token);
        this.onOver?.();
      });
    }
    const { doubt } = run;
    signal.addEventListener("abort", doubt, { once: true });
    const started = await run.over;
    signal.removeEventListener("abort", doubt);
    return { started };
  }
}

/** Options as they can be written down. */
function plain(options: TaskOptions): TaskOptions {
  return { ...options, ...(options.at instanceof Date && { at: options.at.getTime() }) };
}
