import { hostname } from "node:os";
import { HIDDEN, type Logger, parseDuration, RetryLater } from "@elpis/api";
import { WebSocket } from "ws";
import type { AlinodeServerOptions } from "../options.ts";
import { runCommand } from "./commands.ts";
import type { LogParams } from "./messages.ts";
import { type Message, received, signed } from "./wire.ts";

/** The version of the collector whose words these are. */
const VERSION = "1.10.8";
const HEARTBEATS_MISSED = 3;
const REASON_CHARS = 500;
const MESSAGE_BYTES = 1024 * 1024;

/** How long things are waited for, in milliseconds. */
export interface Timings {
  readonly register: number;
  readonly reconnect: readonly [least: number, most: number];
  /** After the server has refused this side. */
  readonly refused: number;
  readonly close: number;
}

const TIMINGS: Timings = {
  register: 5000,
  reconnect: [3000, 10_000],
  refused: 60_000,
  // The host waits for two seconds in all.
  close: 500,
};

/** Speaks to a server of Alinode as its collector does: it keeps a connection, registers, and answers. */
export class Connection {
  readonly #options: AlinodeServerOptions;
  readonly #log: Logger;
  readonly #timings: Timings;
  readonly #heartbeatMs: number;
  #socket: WebSocket | undefined;
  #isRegistered = false;
  #isClosed = false;
  #missed = 0;
  /** What went wrong last. */
  #why = "";
  #id = 1000;
  /** Of the connection at hand: what is repeated in it. */
  #timer: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;

  constructor(options: AlinodeServerOptions, log: Logger, timings: Timings = TIMINGS) {
    this.#options = options;
    this.#log = log;
    this.#timings = timings;
    this.#heartbeatMs = parseDuration(options.heartbeat ?? "60s") ?? 60_000;
  }

  /** Begins to connect, and goes on until it is closed. */
  open(): void {
    if (this.#isClosed) return;
    const socket = new WebSocket(this.#options.url, {
      maxPayload: MESSAGE_BYTES,
      handshakeTimeout: 10_000,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on("open", () => this.#register(socket));
    socket.on("message", (data) => void this.#hear(String(data), socket));
    socket.on("error", ({ message }) => {
      this.#why = this.#hide(message);
      this.#log.debug(`connection to Alinode: ${this.#why}`);
    });
    socket.on("close", () => this.#lost(socket, this.#reconnectMs()));
  }

  /** @throws RetryLater when the server does not know this side yet */
  ensureRegistered(): void {
    if (this.#isRegistered) return;
    const why = this.#why === "" ? "" : `: ${this.#why}`;
    throw new RetryLater(undefined, `not registered with Alinode yet${why}`);
  }

  /** Sends a report. Its server does not answer: it was taken when it has left. @throws RetryLater */
  async report(params: LogParams, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.ensureRegistered();
    const { agentid = hostname() } = this.#options;
    const more = { agentid, timestamp: Date.now() };
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      this.#say("log", params, ++this.#id, more, (error) => {
        signal.removeEventListener("abort", abort);
        if (error == null) resolve();
        else reject(new RetryLater(undefined, "the connection to Alinode was lost"));
      });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isRegistered = false;
    clearInterval(this.#timer);
    clearTimeout(this.#again);
    const socket = this.#socket;
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.terminate(), this.#timings.close);
      socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      socket.close();
    });
  }

  #register(socket: WebSocket): void {
    const { agentid = hostname() } = this.#options;
    const register = (): void =>
      this.#say("register", { version: VERSION, agentid, pid: process.pid }, ++this.#id);
    register();
    this.#repeat(() => socket === this.#socket && register(), this.#timings.register);
  }

  /** `more` stands between the application and the id. */
  #say(
    type: string,
    params: object,
    id: number | string | undefined,
    more: object = {},
    done: (error?: Error | null) => void = () => {},
  ): void {
    const { appid, secret } = this.#options;
    const text = signed({ type, params, appid: String(appid), ...more, id }, secret);
    if (this.#socket === undefined) done(new Error("not connected"));
    else this.#socket.send(text, done);
  }

  async #hear(text: string, socket: WebSocket): Promise<void> {
    if (socket !== this.#socket || this.#isClosed) return;
    const found = received(text, this.#options.secret);
    if (found === undefined) {
      this.#log.debug("a message that Alinode has not signed was ignored");
    } else if (!found.isSigned) this.#refused(found.refusal);
    else if (found.message.type === "result") this.#result(found.message);
    else if (found.message.type === "error") this.#refused(String(found.message.params.error));
    else if (found.message.type === "command") await this.#command(found.message, socket);
  }

  #result({ params }: Message): void {
    const result = String(params.result);
    if (result === "HEARTBEAT_ACK") this.#missed = 0;
    else if (result.startsWith("REG_NOK")) this.#refused(result);
    else if (result === "REG_OK" && !this.#isRegistered) {
      this.#isRegistered = true;
      this.#missed = 0;
      this.#why = "";
      this.#log.info("registered with Alinode");
      this.#startHeartbeat();
    }
  }

  #startHeartbeat(): void {
    let id = 100;
    this.#repeat(() => {
      if (this.#missed >= HEARTBEATS_MISSED) {
        this.#log.warn("Alinode does not answer any longer; connecting anew");
        this.#socket?.terminate();
        return;
      }
      this.#missed++;
      this.#say("heartbeat", { interval: this.#heartbeatMs }, id++);
    }, this.#heartbeatMs);
  }

  async #command({ params, id }: Message, socket: WebSocket): Promise<void> {
    const result = await runCommand(params, this.#options.commands ?? {});
    if (socket !== this.#socket) return;
    const hidden = Object.entries(result).map(([key, value]) => [key, this.#hide(value)]);
    this.#say("result", Object.fromEntries(hidden), id);
  }

  #refused(reason: string): void {
    this.#why = `it refuses this application: ${this.#hide(reason).slice(0, REASON_CHARS)}`;
    this.#log.error(`Alinode: ${this.#why}`);
    const socket = this.#socket;
    if (socket !== undefined) this.#lost(socket, this.#timings.refused);
    socket?.terminate();
  }

  #lost(socket: WebSocket, waitMs: number): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    this.#isRegistered = false;
    clearInterval(this.#timer);
    if (this.#isClosed) return;
    this.#again = setTimeout(() => this.open(), waitMs).unref();
  }

  #reconnectMs(): number {
    const [least, most] = this.#timings.reconnect;
    return least + Math.random() * (most - least);
  }

  #repeat(task: () => unknown, everyMs: number): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(task, everyMs).unref();
  }

  #hide(text: string): string {
    return text.replaceAll(this.#options.secret, HIDDEN);
  }
}
