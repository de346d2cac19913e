import { appStatus } from "../apps.ts";
import type { CliContext } from "../context.ts";
import { say } from "../output/report.ts";
import type { Master } from "../preset.ts";
import {
  type NotifyRequest,
  notifyRequest,
  readyMessage,
  reloadingMessage,
  statusLine,
  statusText,
} from "./messages.ts";
import { type Notifier, openNotifier } from "./notifier.ts";

/** The service manager that waits for words of this process. */
export interface Service {
  /** Everything is ready. */
  ready(): void;
  stopping(): void;
  /** Resolves when everything is told. */
  close(): Promise<void>;
}

/** Changes of state come in bunches. */
const STATUS_PAUSE_MS = 200;
const NOBODY: Service = { ready: () => {}, stopping: () => {}, close: async () => {} };

/**
 * Tells the service manager, where there is one, how the app is: systemd with `Type=notify`. Takes the variables by
 * which it asked out of the environment, so that the processes of the app do not speak for it.
 */
export function tellService(context: CliContext, master: Master): Service {
  const request = notifyRequest(context.env, process);
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete context.env[name];
  return request === undefined ? NOBODY : new SystemdService(context, master, request);
}

class SystemdService implements Service {
  readonly #context: CliContext;
  readonly #master: Master;
  readonly #notifier: Notifier;
  readonly #watchdogMs: number | undefined;
  #told = "";
  #statusTimer: NodeJS.Timeout | undefined;
  #pingTimer: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(context: CliContext, master: Master, request: NotifyRequest) {
    this.#context = context;
    this.#master = master;
    this.#watchdogMs = request.watchdogMs;
    this.#notifier = openNotifier(request.socket, context.env, (why) =>
      say(context, `the service manager cannot be told how the app is: ${why}`),
    );
    master.events.on("process", this.#onChange);
    master.events.on("operation", this.#onOperation);
    master.events.on("operationEnded", this.#onOperationEnded);
  }

  ready(): void {
    this.#notifier.send(readyMessage(process.pid, this.#status()));
    if (this.#watchdogMs !== undefined) this.#ping(this.#watchdogMs / 2);
  }

  stopping(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    clearTimeout(this.#pingTimer);
    this.#notifier.send(["STOPPING=1", statusLine("stopping")]);
  }

  async close(): Promise<void> {
    const { events } = this.#master;
    events.off("process", this.#onChange);
    events.off("operation", this.#onOperation);
    events.off("operationEnded", this.#onOperationEnded);
    clearTimeout(this.#statusTimer);
    this.stopping();
    await this.#notifier.close();
  }

  readonly #onChange = (): void => {
    this.#statusTimer ??= setTimeout(() => {
      this.#statusTimer = undefined;
      const text = this.#status();
      if (text === this.#told || this.#isStopping) return;
      this.#told = text;
      this.#notifier.send([statusLine(text)]);
    }, STATUS_PAUSE_MS);
  };

  readonly #onOperation = ({ name }: { readonly name: string }): void => {
    if (name === "stop" && this.#master.status().state === "stopping") this.stopping();
    if (!RELOADS.includes(name) || this.#isStopping) return;
    this.#notifier.send(reloadingMessage(process.hrtime.bigint() / 1000n, this.#status()));
  };

  readonly #onOperationEnded = ({ name }: { readonly name: string }): void => {
    if (!RELOADS.includes(name) || this.#isStopping) return;
    this.#notifier.send(readyMessage(process.pid, this.#status()));
  };

  #status(): string {
    return statusText(this.#master.status());
  }

  /** Asks over the socket, as anybody would: that this timer runs says less than an answer does. */
  #ping(everyMs: number): void {
    const again = (): void => {
      if (!this.#isStopping) this.#pingTimer = setTimeout(() => this.#ping(everyMs), everyMs);
    };
    appStatus(this.#master.status().app, everyMs).then(
      () => {
        if (!this.#isStopping) this.#notifier.send(["WATCHDOG=1"]);
        again();
      },
      (error: Error) => {
        if (!this.#isStopping) say(this.#context, `the master does not answer: ${error.message}`);
        again();
      },
    );
  }
}

const RELOADS: readonly string[] = ["reload", "rollback", "apply"];
