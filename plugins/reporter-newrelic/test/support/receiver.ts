import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { Certificate } from "./certificate.ts";
import { eventBody, metricBody, traceBody } from "./rules.ts";

export const KEY = "0123456789abcdef0123456789abcdef0123NRAL";

interface Block {
  readonly common: { readonly attributes: Record<string, unknown> };
  readonly metrics?: readonly Record<string, unknown>[];
  readonly spans?: readonly Record<string, unknown>[];
}

/** What one POST brought. */
export interface Taken {
  readonly path: string;
  readonly bytes: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever came in; tests look at parts of it.
  readonly body: any;
}

/** What the next POST is answered with, instead of being judged. */
export interface Scripted {
  readonly path?: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const DOORS = {
  "/metric/v1": { rules: metricBody, status: 202 },
  "/trace/v1": { rules: traceBody, status: 202 },
  "/v1/accounts/events": { rules: eventBody, status: 200 },
  "/v1/accounts/77/events": { rules: eventBody, status: 200 },
} as const;

/** A server that takes only what New Relic takes: it refuses with 400, and keeps why. */
export class Receiver implements AsyncDisposable {
  readonly taken: Taken[] = [];
  readonly complaints: string[] = [];
  readonly script: Scripted[] = [];
  readonly url: string;
  posts = 0;
  /** Answers nothing while it is true. */
  silent = false;
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  static async start(now: () => number, certificate?: Certificate): Promise<Receiver> {
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      void receiver.#take(request, response, now());
    };
    const server =
      certificate === undefined ? createServer(handle) : createTlsServer(certificate, handle);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const receiver = new Receiver(
      certificate === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
      async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    );
    return receiver;
  }

  /** All metrics that were taken. */
  get metrics(): Record<string, unknown>[] {
    return this.#of("/metric/v1").flatMap(({ body }) =>
      (body as Block[]).flatMap(({ metrics = [] }) => metrics),
    );
  }

  get spans(): Record<string, unknown>[] {
    return this.#of("/trace/v1").flatMap(({ body }) =>
      (body as Block[]).flatMap(({ spans = [] }) => spans),
    );
  }

  get events(): Record<string, unknown>[] {
    return this.taken.filter(({ path }) => path.endsWith("/events")).flatMap(({ body }) => body);
  }

  #of(path: string): Taken[] {
    return this.taken.filter((one) => one.path === path);
  }

  async #take(request: IncomingMessage, response: ServerResponse, now: number): Promise<void> {
    this.posts++;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (this.silent) return;
    const path = request.url ?? "";
    const at = this.script.findIndex((one) => one.path === undefined || one.path === path);
    if (at >= 0) {
      const [{ status, headers, body }] = this.script.splice(at, 1) as [Scripted];
      response.writeHead(status, headers).end(body);
      return;
    }
    const packed = Buffer.concat(chunks);
    const { wrong, body, status } = judge(request, path, packed, now);
    if (wrong.length > 0) {
      this.complaints.push(...wrong);
      response.writeHead(400).end(JSON.stringify({ error: wrong }));
      return;
    }
    this.taken.push({ path, bytes: packed.length, body });
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ requestId: "f0e7bfff-001a-b000-0000-01682bcf4565" }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

function judge(
  { method, headers }: IncomingMessage,
  path: string,
  packed: Buffer,
  now: number,
): { wrong: string[]; body?: unknown; status: number } {
  const door = DOORS[path as keyof typeof DOORS];
  if (door === undefined) return { wrong: [`no such path ${path}`], status: 404 };
  const wrong: string[] = [];
  if (method !== "POST") wrong.push(`method ${method}`);
  if (headers["api-key"] !== KEY) wrong.push("wrong api-key");
  if (headers["content-type"] !== "application/json") wrong.push("wrong content-type");
  if (headers["content-encoding"] !== "gzip") wrong.push("not gzip");
  if (packed.length > 1_000_000) wrong.push(`${packed.length} bytes`);
  if (path === "/trace/v1") {
    if (headers["data-format"] !== "newrelic") wrong.push("no Data-Format");
    if (headers["data-format-version"] !== "1") wrong.push("no Data-Format-Version");
  }
  const body: unknown = JSON.parse(gunzipSync(packed).toString("utf8"));
  wrong.push(...door.rules(body, now));
  return { wrong, body, status: door.status };
}
