import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** A request that came. */
interface Got {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Something that answers as it is told. */
export interface HttpServer {
  readonly url: string;
  readonly got: Got[];
  /** What the next requests are answered; 200 when empty. */
  readonly answers: ((response: ServerResponse) => unknown)[];
  close(): Promise<void>;
}

export async function httpServer(): Promise<HttpServer> {
  const got: Got[] = [];
  const answers: ((response: ServerResponse) => unknown)[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const { method, url, headers } = request;
      got.push({ method: method as string, path: url as string, headers, body });
      const answer = answers.shift() ?? (() => response.end());
      answer(response);
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
