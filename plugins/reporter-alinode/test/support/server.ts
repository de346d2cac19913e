import { createHmac } from "node:crypto";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

export const SECRET = "5ecre7-of-the-application";

/** A message of a client, without its signature. */
export interface Heard {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever came in; tests look at parts of it.
  readonly params: any;
  readonly [key: string]: unknown;
}

const hmac = (message: object): string =>
  createHmac("sha1", SECRET).update(JSON.stringify(message)).digest("hex");

/** A server of Alinode: it checks the signature of every message, and signs its own. */
export class AlinodeServer implements AsyncDisposable {
  readonly heard: Heard[] = [];
  readonly complaints: string[] = [];
  readonly port: number;
  /** What is answered to a register message; undefined: nothing. */
  welcome: string | undefined = "REG_OK";
  /** Whether heartbeats are answered. */
  isAlive = true;
  connections = 0;
  readonly #server: WebSocketServer;
  #newest: WebSocket | undefined;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (socket) => {
      this.connections++;
      this.#newest = socket;
      socket.on("message", (data) => this.#hear(String(data), socket));
    });
  }

  static async start(): Promise<AlinodeServer> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await new Promise((resolve) => server.once("listening", resolve));
    return new AlinodeServer(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`;
  }

  of(type: string): Heard[] {
    return this.heard.filter((one) => one.type === type);
  }

  /** What was reported of a kind, such as `node_log`. */
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  logs(type: string): any[] {
    return this.of("log")
      .filter(({ params }) => params.type === type)
      .map(({ params }) => params.metrics);
  }

  /** Sends a message with a signature, or with another one. */
  say(message: object, signature: string | undefined = hmac(message)): void {
    this.#newest?.send(JSON.stringify({ ...message, signature }));
  }

  sayUnsigned(message: object): void {
    this.#newest?.send(JSON.stringify(message));
  }

  sayText(text: string): void {
    this.#newest?.send(text);
  }

  /** Ends all connections at once. */
  drop(): void {
    for (const client of this.#server.clients) client.terminate();
  }

  #hear(text: string, socket: WebSocket): void {
    const { signature, ...message } = JSON.parse(text) as Heard;
    if (signature !== hmac(message)) {
      this.complaints.push(text);
      return this.sayUnsigned({ type: "error", params: { error: "signature" } });
    }
    this.heard.push(message);
    const { type, id } = message;
    const result = type === "register" ? this.welcome : this.isAlive ? "HEARTBEAT_ACK" : undefined;
    if ((type === "register" || type === "heartbeat") && result !== undefined) {
      const answer = { type: "result", id, params: { result } };
      socket.send(JSON.stringify({ ...answer, signature: hmac(answer) }));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
