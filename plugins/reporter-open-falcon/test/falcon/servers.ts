import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcp, type Server as TcpServer } from "node:net";
import { onTestFinished } from "vitest";
import { readPush } from "./rules.ts";
import type { Store } from "./store.ts";

/** How a server is to behave. */
interface Manners {
  /** Answers with it instead, after the push was read. */
  status?: number;
  /** Keeps whoever asks waiting until the test is over, as an agent does whose transfer is away. */
  silent?: boolean;
  /** Sent instead of the answer. */
  body?: string;
}

/** A server of Open-Falcon by its own rules. */
export interface FalconServer {
  readonly port: number;
  readonly manners: Manners;
  /** Headers of the last request. */
  last: IncomingMessage["headers"];
  requests: number;
}

/** An agent: whatever becomes of the items, it answers `success`. */
export function startAgent(store: Store): Promise<FalconServer> {
  return start("/v1/push", (body) => {
    const items = readPush(body);
    if (items === undefined) return undefined;
    store.update(items);
    return "success";
  });
}

/** A transfer over HTTP, which counts. */
export function startTransfer(store: Store): Promise<FalconServer> {
  return start("/api/push", (body) => {
    const items = readPush(body);
    if (items === undefined) return undefined;
    return JSON.stringify({ msg: "success", data: update(store, items) });
  });
}

function update(store: Store, items: NonNullable<ReturnType<typeof readPush>>): object {
  return { Message: "ok", Total: items.length, Invalid: store.update(items), Latency: 0 };
}

async function start(
  path: string,
  take: (body: string) => string | undefined,
): Promise<FalconServer> {
  const state: FalconServer = { port: 0, manners: {}, last: {}, requests: 0 };
  const server = createServer(async (request, response) => {
    state.requests += 1;
    state.last = request.headers;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    answer(request, response, Buffer.concat(chunks).toString());
  });
  const answer = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    const { manners } = state;
    if (request.url !== path) return void response.writeHead(404).end();
    if (manners.silent === true) return;
    if (manners.status !== undefined) return void response.writeHead(manners.status).end("busy");
    const text = request.headers["content-encoding"] === undefined ? take(body) : undefined;
    if (text === undefined) return void response.writeHead(400).end("connot decode body");
    response.end(manners.body ?? text);
  };
  const port = await listen(server);
  onTestFinished(() => server.closeAllConnections());
  return Object.assign(state, { port });
}

/** The JSON-RPC of a transfer. */
export async function startRpc(store: Store): Promise<FalconServer> {
  const state: FalconServer = { port: 0, manners: {}, last: {}, requests: 0 };
  const server = createTcp((socket) => {
    let text = "";
    socket.setEncoding("utf8").on("error", () => {});
    onTestFinished(() => void socket.destroy());
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (!text.endsWith("\n") || state.manners.silent === true) return;
      state.requests += 1;
      socket.write(`${state.manners.body ?? rpc(store, text)}\n`);
      text = "";
    });
  });
  return Object.assign(state, { port: await listen(server) });
}

function rpc(store: Store, text: string): string {
  const { method, params, id } = JSON.parse(text) as {
    method: string;
    params: unknown[];
    id: number;
  };
  const items = readPush(JSON.stringify(params[0]));
  if (method !== "Transfer.Update" || items === undefined) {
    return JSON.stringify({ id, result: null, error: `rpc: can't find method ${method}` });
  }
  return JSON.stringify({ id, result: update(store, items), error: null });
}

async function listen(server: Server | TcpServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}
