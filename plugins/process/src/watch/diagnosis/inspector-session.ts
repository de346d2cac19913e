import type { WebSocket } from "ws";

/** Profiles of large programs come in one message. */
const MAX_MESSAGE_BYTES = 1024 ** 3;

interface Waiter {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A conversation with the inspector of a Node process. */
export class InspectorSession {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiter>();
  readonly #listeners = new Map<string, (params: unknown) => void>();
  #nextId = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => this.#take(data));
    // Once it has been open, all that errors tell of is that it is not any more.
    for (const event of ["error", "close"]) socket.on(event, () => this.#failAll());
  }

  /** Loads what it needs: some megabytes that a master is better off without as long as nobody looks inside. */
  static async prepare(): Promise<typeof WebSocket> {
    return (await import("ws")).WebSocket;
  }

  /** Connects within `timeoutMs`; rejects when that fails. Only this machine is spoken to. */
  static async open(url: string, timeoutMs: number): Promise<InspectorSession> {
    const Socket = await InspectorSession.prepare();
    const socket = new Socket(loopbackOnly(url), {
      handshakeTimeout: Math.max(1, timeoutMs),
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
    });
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(new InspectorSession(socket)));
      socket.once("error", reject);
    });
  }

  /** Calls a method of the protocol; rejects when it fails, when the conversation ends, and after `timeoutMs`. */
  call<Result>(method: string, params: object = {}, timeoutMs = 0): Promise<Result> {
    const id = this.#nextId++;
    return new Promise<Result>((resolve, reject) => {
      const timer =
        timeoutMs > 0
          ? setTimeout(() => this.#fail(id, `no answer to ${method} in ${timeoutMs} ms`), timeoutMs)
          : undefined;
      this.#waiting.set(id, {
        resolve: (result) => {
          clearTimeout(timer);
          resolve(result as Result);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      if (this.#socket.readyState !== this.#socket.OPEN) this.#failAll();
      else this.#socket.send(JSON.stringify({ id, method, params }), () => {});
    });
  }

  /** Hears each event of that name; one listener per name. */
  on(event: string, listener: (params: unknown) => void): void {
    this.#listeners.set(event, listener);
  }

  /** The next event of that name; rejects after `timeoutMs`. */
  once<Params>(event: string, timeoutMs: number): Promise<Params> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`${event} did not happen in ${timeoutMs} ms`));
      const timer = setTimeout(late, timeoutMs);
      this.on(event, (params) => {
        clearTimeout(timer);
        resolve(params as Params);
      });
    });
  }

  /** Reads nothing until `resume()`: the process has to wait. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends the conversation at once. */
  close(): void {
    this.#socket.terminate();
  }

  #take(data: Buffer): void {
    const { id, method, params, result, error } = JSON.parse(data.toString()) as Message;
    if (method !== undefined) this.#listeners.get(method)?.(params);
    if (id === undefined) return;
    if (error !== undefined) this.#fail(id, error.message);
    const waiter = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiter?.resolve(result);
  }

  #fail(id: number, why: string): void {
    const waiter = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiter?.reject(new Error(why));
  }

  #failAll(): void {
    for (const id of [...this.#waiting.keys()]) this.#fail(id, "the inspector has closed");
  }
}

/** Where an inspector that listens on every address can be reached from here; others than this machine are refused. */
function loopbackOnly(text: string): string {
  const url = new URL(text);
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1";
  if (url.hostname === "[::]") url.hostname = "[::1]";
  const isHere = /^(127\.[\d.]+|\[::1\]|localhost)$/.test(url.hostname);
  if (!isHere) throw new Error(`the inspector at ${url.host} is not on this machine`);
  return url.href;
}
