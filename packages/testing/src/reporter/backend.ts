import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What a backend may do to a reporter. `later`: it cannot take anything now, and asks for 2 s of rest where its protocol can say
 * so; `reject`: it will never take that; `hang`: it takes a connection and says nothing.
 */
export type Sickness = "later" | "reject" | "hang";

/** A backend that stands in for the real one in tests. */
export interface ReporterBackend<Options> {
  /** What a reporter is opened with to reach it. */
  readonly options: Options;
  /** How many messages, requests or bytes have come so far: something that grows with each. */
  readonly received: number;
  /** How it behaves from now on. */
  set(how: "well" | Sickness): void | Promise<void>;
  /** Those of {@link Sickness} that its protocol has. @default all */
  readonly sicknesses?: readonly Sickness[];
  close(): void | Promise<void>;
}

/** A request, as it came. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** A backend that is spoken to over HTTP. */
export interface HttpBackend<Options> extends ReporterBackend<Options> {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
}

/** How {@link httpBackend} answers. */
export interface HttpBackendOptions<Options> {
  /** What a reporter is opened with. @param url such as `http://127.0.0.1:40123` */
  readonly options: (url: string) => Options;
  /** What it says when it is well. @default status 200 with an empty body */
  readonly answer?: (request: ReceivedRequest) => {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Buffer;
  };
}

/**
 * Starts a backend on a free port that keeps what it is sent.
 *
 * @example
 * const backend = await httpBackend({ options: (url) => ({ url, licenceKey: "not-to-be-seen" }) });
 */
export async function httpBackend<Options>({
  options,
  answer,
}: HttpBackendOptions<Options>): Promise<HttpBackend<Options>> {
  const requests: ReceivedRequest[] = [];
  let how: "well" | Sickness = "well";
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // It was given up by whoever sends it.
      return;
    }
    const { method = "GET", url = "/", headers } = request;
    const received = { method, url, headers, body: Buffer.concat(chunks) };
    requests.push(received);
    if (how === "hang") return;
    if (how !== "well") return refuse(response, how);
    const { status = 200, headers: own = {}, body = "" } = answer?.(received) ?? {};
    response.writeHead(status, own).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ url, requests, options: options(url) },
    get received() {
      return requests.length;
    },
    set: (next) => {
      how = next;
    },
    close: () => stop(server),
  };
}

function refuse(response: ServerResponse, how: Exclude<Sickness, "hang">): void {
  if (how === "later") response.writeHead(429, { "retry-after": "2" }).end("too many");
  else response.writeHead(400).end("no");
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
