import {
  type CallOptions,
  type Client,
  type EventContext,
  errorToData,
  type Off,
  type RequestContext,
} from "@elpis/api";
import type { Counters } from "./counters.ts";
import { invalid, tooMany } from "./errors.ts";
import { GivenCalls } from "./given-calls.ts";
import { MAX_CALLS, MAX_PENDING_BYTES } from "./limits.ts";
import { type Fields, type FromClient, isFields, type ToClient } from "./messages.ts";
import { fromJson, toJson } from "./values.ts";

/** How a guest reaches its process. */
export interface GuestLine {
  /** Bytes that wait for it. */
  readonly queuedBytes: number;
  /** @throws ELPIS_NODE_IPC_TOO_LARGE */
  send(name: ToClient, data: Fields): void;
  /** Reads no more from it, or goes on. */
  hold(isHeld: boolean): void;
  /** Ends the connection. */
  fail(error: unknown): void;
}

/** Events on their way into the hub; with so many, no more is read. */
const MAX_EMITS = 64;

type Verb = "request" | "consume" | "map";

/** One process that speaks node-ipc, as a peer of the hub: its messages become calls of a client, and back. */
export class Guest {
  readonly #client: Client;
  readonly #line: GuestLine;
  readonly #counters: Counters;
  readonly #listens = new Map<string, Off>();
  readonly #handles = new Map<string, Off>();
  /** Calls of the process, by the number that it chose. */
  readonly #own = new Map<number, AbortController>();
  readonly #given: GivenCalls;
  #emits = 0;

  constructor(client: Client, line: GuestLine, counters: Counters) {
    this.#client = client;
    this.#line = line;
    this.#counters = counters;
    this.#given = new GivenCalls((name, data) => line.send(name, data));
  }

  /** @throws ELPIS_NODE_IPC_INVALID, and whatever makes the rest of the conversation meaningless */
  take(name: FromClient, data: Fields): void {
    switch (name) {
      case "elpis.listen":
        return this.#listen(topicOf(data));
      case "elpis.unlisten":
        return end(this.#listens, topicOf(data));
      case "elpis.handle":
        return this.#handle(topicOf(data));
      case "elpis.unhandle":
        return end(this.#handles, topicOf(data));
      case "elpis.emit":
        return this.#emit(data);
      case "elpis.request":
        return this.#ask("request", data);
      case "elpis.consume":
        return this.#ask("consume", data);
      case "elpis.map":
        return this.#ask("map", data);
      case "elpis.reply":
        if (!this.#given.answer(data)) this.#counters.lateReplies++;
        return;
      case "elpis.cancel":
        return this.#own.get(callOf(data))?.abort();
      case "elpis.ready":
        return this.#client.setReady(data.ready === true);
      default:
        throw invalid(`${name} after welcome`);
    }
  }

  /** The process is gone: the hub tells everybody who waits for it. */
  async leave(): Promise<void> {
    for (const abort of this.#own.values()) abort.abort();
    await this.#client.close();
    this.#given.abandon();
  }

  #listen(topic: string): void {
    if (this.#listens.has(topic)) return;
    const off = this.#client.on(topic, (payload, context) => this.#event(payload, context));
    this.#listens.set(topic, off);
  }

  #handle(topic: string): void {
    if (this.#handles.has(topic)) return;
    const run = (input: unknown, context: RequestContext): Promise<unknown> => {
      if (this.#isSlow) throw tooMany("bytes waiting", MAX_PENDING_BYTES / 2);
      return this.#given.begin(input, context);
    };
    const off = this.#client.handle(topic, run, { concurrency: MAX_CALLS, queue: 0 });
    this.#handles.set(topic, off);
  }

  #event(payload: unknown, { topic, from }: EventContext): void {
    try {
      if (this.#isSlow) throw tooMany("bytes waiting", MAX_PENDING_BYTES / 2);
      this.#line.send("elpis.event", { topic, from, payload: toJson(payload) });
    } catch {
      this.#counters.droppedEvents++;
    }
  }

  #emit(data: Fields): void {
    const topic = topicOf(data);
    const to = selectorOf(data);
    const call = data.call === undefined ? undefined : callOf(data);
    if (++this.#emits === MAX_EMITS) this.#line.hold(true);
    this.#answer(call, async () => {
      try {
        await this.#client.emit(topic, fromJson(data.payload), to === undefined ? {} : { to });
        return { payload: null };
      } catch (error) {
        this.#counters.refusedEvents++;
        throw error;
      } finally {
        if (this.#emits-- === MAX_EMITS) this.#line.hold(false);
      }
    });
  }

  #ask(verb: Verb, data: Fields): void {
    const call = callOf(data);
    const topic = topicOf(data);
    const to = selectorOf(data);
    if (this.#own.has(call)) throw invalid(`call ${call} is not answered yet`);
    if (this.#own.size >= MAX_CALLS) return this.#reply(call, failure(tooMany("calls", MAX_CALLS)));
    const abort = new AbortController();
    this.#own.set(call, abort);
    const options: CallOptions = {
      signal: abort.signal,
      ...(to !== undefined && { to }),
      ...(data.timeoutMs !== undefined && { timeoutMs: data.timeoutMs as number }),
    };
    this.#answer(call, async () => {
      try {
        const value = await this.#client[verb](topic, fromJson(data.payload), options);
        return { payload: verb === "map" ? mapToJson(value) : toJson(value) };
      } finally {
        this.#own.delete(call);
      }
    });
  }

  /** Tells the process what came of `work`, if it wants to know. */
  #answer(call: number | undefined, work: () => Promise<Fields>): void {
    work()
      .catch(failure)
      .then((answer) => {
        if (call !== undefined) this.#reply(call, answer);
      })
      .catch((error: unknown) => this.#line.fail(error));
  }

  #reply(call: number, answer: Fields): void {
    try {
      this.#line.send("elpis.reply", { call, ...answer });
    } catch (error) {
      this.#line.send("elpis.reply", { call, error: summary(error) });
    }
  }

  get #isSlow(): boolean {
    return this.#line.queuedBytes > MAX_PENDING_BYTES / 2;
  }
}

function failure(error: unknown): Fields {
  try {
    return { error: toJson(errorToData(error)) };
  } catch {
    // Details that JSON cannot say: the rest can.
    return { error: summary(error) };
  }
}

function summary(error: unknown): Fields {
  const { name, message, code } = errorToData(error);
  return { name, message: message.slice(0, 1000), code };
}

function mapToJson(value: unknown): unknown {
  const answers = value as ReadonlyArray<{ ok: boolean; error?: unknown }>;
  return answers.map((answer) =>
    toJson(answer.ok ? answer : { ...answer, error: errorToData(answer.error) }),
  );
}

function end(all: Map<string, Off>, topic: string): void {
  all.get(topic)?.();
  all.delete(topic);
}

function topicOf({ topic }: Fields): string {
  if (typeof topic !== "string") throw invalid("topic: expected text");
  return topic;
}

function callOf({ call }: Fields): number {
  if (!Number.isSafeInteger(call)) throw invalid("call: expected a whole number");
  return call as number;
}

/** The hub's client checks its parts. */
function selectorOf({ to }: Fields): (Fields & { readonly id?: number }) | undefined {
  if (to !== undefined && !isFields(to)) throw invalid("to: expected an object");
  return to;
}
