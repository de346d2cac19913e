import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { inflateSync } from "node:zlib";

export const LICENSE = "0123456789012345678901234567890123456789";

/** One call that the agent made. */
export interface Invoked {
  readonly method: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever came in; tests look at parts of it.
  readonly body: any;
}

/** A collector that speaks the protocol of OneAPM's agent, version 12. */
export class Collector implements AsyncDisposable {
  readonly invoked: Invoked[] = [];
  readonly complaints: string[] = [];
  readonly port: number;
  /** Methods that are not answered. */
  readonly silent: Set<string> = new Set();
  readonly #close: () => Promise<void>;

  private constructor(port: number, close: () => Promise<void>) {
    this.port = port;
    this.#close = close;
  }

  static async start(): Promise<Collector> {
    const server = createServer((request, response) => void collector.#take(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const collector = new Collector((server.address() as AddressInfo).port, async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return collector;
  }

  // biome-ignore lint/suspicious/noExplicitAny: see above.
  bodies(method: string): any[] {
    return this.invoked.filter((one) => one.method === method).map(({ body }) => body);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    const method = searchParams.get("method") ?? "";
    const complain = (what: string): unknown => this.complaints.push(`${method}: ${what}`);
    if (pathname !== "/tpm/agent.do") complain(`path ${pathname}`);
    if (searchParams.get("protocol_version") !== "12") complain("protocol_version");
    if (searchParams.get("license_key") !== LICENSE) complain("license_key");
    if (!["get_redirect_host", "connect"].includes(method)) {
      if (searchParams.get("run_id") !== "4711") complain("run_id");
    }
    const bytes = Buffer.concat(chunks);
    const isPacked = request.headers["content-encoding"] === "deflate";
    const text = (isPacked ? inflateSync(bytes) : bytes).toString("utf8");
    this.invoked.push({ method, body: JSON.parse(text) });
    if (this.silent.has(method)) return;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ return_value: this.#answer(method) }));
  }

  #answer(method: string): unknown {
    if (method === "get_redirect_host") return `127.0.0.1:${this.port}`;
    if (method !== "connect") return method === "shutdown" ? null : [];
    return { agent_run_id: 4711, data_report_period: 60, collect_errors: true };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
