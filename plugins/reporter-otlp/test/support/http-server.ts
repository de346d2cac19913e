import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";

/** A request that came. */
interface Got {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As it was before it was compressed. */
  readonly body: Buffer;
}

/** Something that answers as it is told. */
export interface HttpServer {
  readonly url: string;
  readonly got: Got[];
  /** What the next requests are answered; 200 when empty. */
  readonly answers: ((response: ServerResponse, got: Got) => unknown)[];
  close(): Promise<void>;
}

export async function httpServer(): Promise<HttpServer> {
  const got: Got[] = [];
  const answers: ((response: ServerResponse, got: Got) => unknown)[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void buffer(request).then((raw) => {
      const { headers } = request;
      const body = headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw;
      const one: Got = {
        ...{ method: request.method as string, path: request.url as string, headers, body },
      };
      got.push(one);
      const answer = answers.shift();
      if (answer !== undefined) answer(response, one);
      else response.setHeader("content-type", headers["content-type"] as string).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ got, answers },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
