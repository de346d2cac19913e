import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Client, ElpisError, type ErrorData, hasCode, type Off } from "@elpis/api";
import { Pause } from "../shared/pause.ts";
import { type SharedPolicy, strictest } from "../shared/policy.ts";
import { HEARTBEAT_MS } from "../shared/times.ts";
import type { SharedFileTopics } from "../shared/topics.ts";
import { noRotator } from "./errors.ts";

/** Two copies of this package in one process share it: a topic has one handler for each connection. */
const KEY = Symbol.for("elpis.logs.shared-writers");
const ANSWER_MS = 5000;
const FORGET_MS = 1000;

/** The one thing of a client that is the same object for the client itself and for `hub` of `@elpis/core/process`. */
interface Kept {
  readonly closed: object & { [KEY]?: SharedWriters };
}

/** Something of this process that writes a file which others write as well. */
export interface SharedWriter {
  readonly path: string;
  readonly policy: SharedPolicy;
  look(): Promise<void>;
  reopen(): Promise<void>;
  hold(): Promise<void>;
  resume(): void;
  onTrouble(error: ElpisError): void;
}

/** What this process writes together with others, and its talk with whoever rotates it. */
export class SharedWriters {
  readonly #hub: Client<SharedFileTopics>;
  /** By the path as the rotator names it. */
  readonly #files = new Map<string, SharedPath>();
  #offs: Off[] = [];

  constructor(hub: Client) {
    this.#hub = hub as unknown as Client<SharedFileTopics>;
  }

  /** Those of a connection: always the same. */
  static of(hub: Client): SharedWriters {
    const { closed } = hub as Kept;
    closed[KEY] ??= new SharedWriters(hub);
    return closed[KEY];
  }

  /** The same, if there are any. */
  static find(hub: Client): SharedWriters | undefined {
    return (hub as Kept).closed[KEY];
  }

  /** Tells the rotator of all of them. */
  register(): void {
    for (const file of this.#files.values()) void file.register();
  }

  /** @returns what takes it back; resolves when the rotator knows, or a second has passed */
  add(writer: SharedWriter): () => Promise<void> {
    if (this.#offs.length === 0) this.#open();
    let path: string | undefined;
    let isOver = false;
    const added = this.#pathOf(writer).then((real) => {
      path = real;
      if (!isOver) this.#file(real).add(writer);
    });
    return async () => {
      isOver = true;
      await added;
      await this.#remove(writer, path as string);
    };
  }

  async #remove(writer: SharedWriter, path: string): Promise<void> {
    const file = this.#files.get(path);
    if (file === undefined || !file.remove(writer)) return;
    this.#files.delete(path);
    if (this.#files.size === 0) this.#close();
    const options = { timeoutMs: FORGET_MS };
    await this.#hub.request("elpis.logs.forget", { path }, options).catch(() => {});
  }

  #open(): void {
    this.#offs = [
      this.#hub.handle("elpis.logs.reopen-file", ({ path }) =>
        this.#all(path, (one) => one.reopen()),
      ),
      this.#hub.handle("elpis.logs.hold", ({ path }) => this.#all(path, (one) => one.hold())),
      this.#hub.handle("elpis.logs.resume", ({ path }) =>
        this.#all(path, async (one) => one.resume()),
      ),
      this.#hub.on("elpis.logs.rotator", () => this.register()),
      this.#hub.onConnection(({ type }) => {
        if (type === "back") this.register();
      }),
    ];
    const timer = setInterval(() => this.register(), HEARTBEAT_MS).unref();
    this.#offs.push(() => clearInterval(timer));
  }

  #close(): void {
    for (const off of this.#offs.splice(0)) off();
  }

  /**
   * All writers of a file do it, or it has failed. A path that is not known may be another way to one that is: then all
   * of this process do it, which harms none.
   */
  async #all(path: string, job: (writer: SharedWriter) => Promise<void>): Promise<null> {
    const known = this.#files.get(path);
    const files = known === undefined ? [...this.#files.values()] : [known];
    await Promise.all(files.flatMap(({ writers }) => [...writers]).map(job));
    return null;
  }

  #file(path: string): SharedPath {
    const file = this.#files.get(path) ?? new SharedPath(this.#hub, path);
    this.#files.set(path, file);
    return file;
  }

  /** Two ways to one file are the same file. The folder is there when the writer has made it. */
  async #pathOf({ path, look }: SharedWriter): Promise<string> {
    await look();
    const dir = await realpath(dirname(path)).catch(() => dirname(path));
    return join(dir, basename(path));
  }
}

/** One file, and those of this process that write it. */
class SharedPath {
  readonly writers = new Set<SharedWriter>();
  readonly #hub: Client<SharedFileTopics>;
  readonly #path: string;
  readonly #pause = new Pause();
  #registering: Promise<void> | undefined;
  #isChanged = false;
  #retry: NodeJS.Timeout | undefined;
  #told: string | undefined;

  constructor(hub: Client<SharedFileTopics>, path: string) {
    this.#hub = hub;
    this.#path = path;
  }

  add(writer: SharedWriter): void {
    this.writers.add(writer);
    void this.register();
  }

  /** @returns whether it was the last */
  remove(writer: SharedWriter): boolean {
    this.writers.delete(writer);
    if (this.writers.size > 0) return false;
    clearTimeout(this.#retry);
    return true;
  }

  /** Tells the rotator that it is written here, until it has heard. Never rejects. */
  async register(): Promise<void> {
    this.#isChanged = true;
    this.#registering ??= this.#register();
    await this.#registering;
  }

  async #register(): Promise<void> {
    while (this.#isChanged && this.writers.size > 0) {
      this.#isChanged = false;
      await this.#registerOnce();
    }
    this.#registering = undefined;
  }

  async #registerOnce(): Promise<void> {
    clearTimeout(this.#retry);
    try {
      // First, so that whoever rotates may take for certain that whoever registers has the newest file.
      await Promise.all([...this.writers].map((writer) => writer.look()));
      const { policy, lookMs } = strictest([...this.writers].map((writer) => writer.policy));
      const registration = { path: this.#path, policy, lookMs };
      const options = { absent: "wait", timeoutMs: ANSWER_MS, idempotent: true } as const;
      await this.#hub.request("elpis.logs.register", registration, options);
      this.#told = undefined;
      this.#pause.reset();
      // It may have been put aside before it was known that it is written here.
      await Promise.all([...this.writers].map((writer) => writer.look()));
    } catch (error) {
      this.#failed(error as ElpisError);
    }
  }

  #failed(error: ElpisError): void {
    if (this.writers.size === 0) return;
    this.#retry = setTimeout(() => void this.register(), this.#pause.next()).unref();
    const what = refusal(error) ?? noRotator(this.#path, error);
    if (this.#told === what.code || !this.#hub.connected) return;
    this.#told = what.code;
    for (const writer of this.writers) writer.onTrouble(what);
  }
}

/** Why the rotator has said no; undefined: there is none that answers. */
function refusal(error: ElpisError): ElpisError | undefined {
  if (!hasCode(error, "ELPIS_HUB_REMOTE")) return undefined;
  const remote = (error.details.remote ?? {}) as Partial<ErrorData>;
  const { code = error.code, message = error.message, details = {} } = remote;
  return new ElpisError(code, message, { details, cause: error });
}
