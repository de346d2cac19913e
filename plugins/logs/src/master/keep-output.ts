import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type Application,
  application,
  type Client,
  type KeptLine,
  type KeptOutput,
  type Logger,
  type OutputKeeper,
  type OutputSource,
  outputKeeper,
  type PluginHost,
} from "@elpis/api";
import type {
  Ask,
  AskAnswers,
  AskOf,
  FromKeeper,
  KeeperStats,
  KeepPlan,
} from "../keeper/messages.ts";
import { type LogsOptions, planOf } from "../options.ts";
import type { SharedFilesEdges } from "../shared/edges.ts";
import { askWriters, callWriters, serveSharedFiles } from "../shared/serve.ts";
import type { SharedFilesLike } from "../shared/shared-files.ts";
import type { Registration } from "../shared/topics.ts";
import type { LogsTopics } from "../topics.ts";
import { type LogsPlace, placeFile } from "../where.ts";
import { Fifos } from "./fifos.ts";
import { KeeperProcess } from "./keeper-process.ts";
import { Kept } from "./kept.ts";

/** Starts to keep what the processes of this application print. */
export async function keepOutput(host: PluginHost, options: LogsOptions): Promise<void> {
  const app = host.get(application);
  const output = new KeptOutputs(planOf(options, app), app, host);
  host.provide(outputKeeper, output);
  host.onClose(() => output.close());
  output.start();
  const filesOf = ({ files, shared }: KeeperStats) => ({ files: files + shared.length });
  const hub = host.hub as unknown as Client<LogsTopics>;
  hub.handle("elpis.logs.reopen", async () => filesOf(await output.call({ verb: "reopen" })));
  hub.handle("elpis.logs.rotate", async () => filesOf(await output.call({ verb: "rotate" })));
  hub.handle("elpis.logs.stats", () => output.call({ verb: "stats" }));
  host.onClose(serveSharedFiles(host.hub, output));
}

/** All that the processes of one application print. */
class KeptOutputs implements OutputKeeper, SharedFilesLike {
  readonly #plan: KeepPlan;
  readonly #app: Application;
  readonly #log: Logger;
  readonly #hub: Client;
  readonly #askWriters: SharedFilesEdges["ask"];
  readonly #fifos: Fifos;
  readonly #keeper: KeeperProcess;
  readonly #kept = new Map<number, Kept>();
  readonly #opened = new Set<number>();
  readonly #files = new Set<string>();
  #count = 0;
  #hasFifos = false;

  constructor(plan: KeepPlan, app: Application, { hub, log }: PluginHost) {
    this.#plan = plan;
    this.#app = app;
    this.#log = log;
    this.#hub = hub;
    this.#askWriters = askWriters(hub);
    this.#fifos = new Fifos(join(app.runtimeDir, "output-pipes"));
    this.#keeper = new KeeperProcess(plan, log, {
      onUp: () => this.#onUp(),
      onDown: () => this.#opened.clear(),
      onMessage: (message) => this.#onMessage(message),
    });
  }

  /** In the foreground a keeper comes when there is a shared file for it. */
  start(): void {
    if (this.#app.isForeground) return;
    this.#hasFifos = this.#fifos.start();
    if (!this.#hasFifos)
      this.#log.info("there are no named pipes here: what processes print goes through the master");
    this.#tellWhere();
    this.#keeper.start();
  }

  open(source: OutputSource): KeptOutput | undefined {
    if (!this.#hasFifos) return undefined;
    try {
      this.#count += 1;
      const id = this.#count;
      const kept = new Kept(id, source, this.#fifos.take(), {
        isOpened: () => this.#opened.has(id),
        send: (message) => this.#keeper.send(message),
        forget: () => {
          this.#kept.delete(id);
          this.#opened.delete(id);
        },
      });
      this.#kept.set(id, kept);
      this.#keeper.send(kept.opening);
      return kept;
    } catch (error) {
      this.#log.warn("a process gets no pipes: what it prints goes through the master", {
        error: String(error),
      });
      return undefined;
    }
  }

  write(line: KeptLine): void {
    this.#keeper.write(line);
  }

  call<Verb extends Ask["verb"]>(ask: AskOf<Verb>): Promise<AskAnswers[Verb]> {
    return this.#keeper.call(ask);
  }

  async register(writer: string, registration: Registration): Promise<string> {
    return this.#keeper.call({ verb: "register", writer, registration });
  }

  async forget(writer: string, path?: string): Promise<void> {
    // A keeper that comes later has never heard of it.
    if (this.#keeper.isUp)
      await this.#keeper.call({ verb: "forget", writer, path }).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#keeper.close();
    for (const kept of this.#kept.values()) kept.abandon();
    if (this.#hasFifos) this.#fifos.close();
    const { lost } = this.#keeper;
    if (lost > 0) this.#log.error(`${lost} lines were lost while there was no keeper`);
  }

  #onUp(): void {
    for (const kept of this.#kept.values()) this.#keeper.send(kept.opening);
    callWriters(this.#hub);
  }

  async #question({ question, ask }: FromKeeper & { type: "question" }): Promise<void> {
    this.#keeper.send({ type: "answers", question, answers: await this.#askWriters(ask) });
  }

  #onMessage(message: FromKeeper): void {
    switch (message.type) {
      case "opened":
        this.#opened.add(message.id);
        this.#kept.get(message.id)?.opened();
        break;
      case "tail": {
        const kept = this.#kept.get(message.id);
        if (kept !== undefined) kept.lastLines = message.lines;
        break;
      }
      case "diverted":
        this.#onDiverted(message);
        break;
      case "ended":
        this.#kept.get(message.id)?.finished(message.lines);
        break;
      case "question":
        void this.#question(message);
        break;
      case "log":
        this.#log[message.level](message.text, message.fields);
        break;
      case "files":
        for (const path of message.paths) this.#files.add(path);
        this.#tellWhere();
        break;
      case "trouble":
        this.#log.error(`output cannot be kept in ${message.file}: ${message.message}`);
        break;
      case "recovered": {
        const { file, lost } = message;
        this.#log.warn(`output is kept in ${file} again; ${lost} lines were lost`);
        break;
      }
      default:
    }
  }

  /** The supervisor hears what is meant for it, and gives back what is not. */
  #onDiverted({ id, stream, lines }: FromKeeper & { type: "diverted" }): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    const { process, index, onDiverted } = kept.source;
    for (const text of lines) {
      if (onDiverted(stream, text)) continue;
      const pid = kept.pid ?? 0;
      this.#keeper.write({ time: Date.now(), process, index, pid, stream, text });
    }
  }

  /** For whoever looks for the files without asking, also when nothing runs. */
  #tellWhere(): void {
    const { dir, pattern, format } = this.#plan;
    const place: LogsPlace = { dir, pattern, format, files: [...this.#files] };
    try {
      const file = placeFile(this.#app.runtimeDir);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, `${JSON.stringify(place)}\n`, { mode: 0o600 });
    } catch (error) {
      this.#log.warn("it cannot be written down where the output is kept", {
        error: String(error),
      });
    }
  }
}
