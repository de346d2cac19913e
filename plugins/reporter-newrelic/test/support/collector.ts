import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { gunzipSync, inflateSync } from "node:zlib";
import type { Certificate } from "./certificate.ts";

export const LICENSE = "0123456789012345678901234567890123456789";

/** One call that the agent made. */
export interface Invoked {
  readonly method: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever came in; tests look at parts of it.
  readonly body: any;
}

const RUN = "run-4711";
const HEADER = "x-elpis-run";

/** A collector that speaks the protocol of New Relic's agents, version 17, and keeps what breaks its rules. */
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

  static async start(certificate: Certificate): Promise<Collector> {
    const server = createServer(certificate, (request, response) => {
      void collector.#take(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const collector = new Collector((server.address() as AddressInfo).port, async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return collector;
  }

  /** What came of a method, in the order in which it came. */
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  bodies(method: string): any[] {
    return this.invoked.filter((one) => one.method === method).map(({ body }) => body);
  }

  /** Custom metrics that came, by name: count, total, exclusive, min, max, sum of squares. */
  customMetrics(): Record<string, number[]> {
    const all: [{ name: string }, number[]][] = this.bodies("metric_data").flatMap(
      ([, , , list]) => list,
    );
    return Object.fromEntries(
      all
        .filter(([{ name }]) => name.startsWith("Custom/"))
        .map(([{ name }, figures]) => [name.slice("Custom/".length), figures]),
    );
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { pathname, searchParams } = new URL(request.url ?? "", "https://localhost");
    const method = searchParams.get("method") ?? "";
    const complain = (what: string): unknown => this.complaints.push(`${method}: ${what}`);
    if (pathname !== "/agent_listener/invoke_raw_method") complain(`path ${pathname}`);
    if (searchParams.get("marshal_format") !== "json") complain("marshal_format");
    if (searchParams.get("protocol_version") !== "17") complain("protocol_version");
    if (searchParams.get("license_key") !== LICENSE) complain("license_key");
    if (!["preconnect", "connect"].includes(method)) {
      if (searchParams.get("run_id") !== RUN) complain("run_id");
      if (request.headers[HEADER] !== "yes") complain("header of request_headers_map");
    }
    const bytes = Buffer.concat(chunks);
    if (bytes.length > 1_000_000) complain(`${bytes.length} bytes`);
    const body: unknown = JSON.parse(decoded(bytes, request.headers["content-encoding"]));
    if (JSON.stringify(body).includes("null") && method === "metric_data") complain("null");
    this.invoked.push({ method, body });
    if (this.silent.has(method)) return;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ return_value: this.#answer(method) }));
  }

  #answer(method: string): unknown {
    if (method === "preconnect") return { redirect_host: `localhost:${this.port}` };
    if (method !== "connect") return method === "shutdown" ? null : [];
    return {
      agent_run_id: RUN,
      request_headers_map: { [HEADER]: "yes" },
      data_report_period: 60,
      collect_errors: true,
      event_harvest_config: {
        report_period_ms: 60_000,
        harvest_limits: {
          analytic_event_data: 833,
          custom_event_data: 100,
          error_event_data: 8,
          span_event_data: 166,
          log_event_data: 833,
        },
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

function decoded(bytes: Buffer, encoding: string | undefined): string {
  if (encoding === "gzip") return gunzipSync(bytes).toString("utf8");
  return (encoding === "deflate" ? inflateSync(bytes) : bytes).toString("utf8");
}
