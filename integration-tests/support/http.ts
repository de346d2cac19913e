import { type Agent, request } from "node:http";

/** An HTTP answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** How to ask. */
export interface AskOptions {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** @default a new connection that is closed afterwards */
  readonly agent?: Agent;
  /** @default 10000 */
  readonly timeoutMs?: number;
}

/** Asks over HTTP, by default over a connection of its own, so that any of the workers may take it. */
export function ask(url: string, options: AskOptions = {}): Promise<Answer> {
  const { method = "GET", body, headers = {}, agent, timeoutMs = 10_000 } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent: agent ?? false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    outgoing.setTimeout(timeoutMs, () =>
      outgoing.destroy(new Error(`${method} ${url} took over ${timeoutMs} ms`)),
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** As {@link ask}, with the body read as JSON. */
export async function askJson<Body>(
  url: string,
  options: AskOptions = {},
): Promise<{ readonly status: number; readonly body: Body; readonly headers: Answer["headers"] }> {
  const { status, text, headers } = await ask(url, options);
  return { status, headers, body: JSON.parse(text) as Body };
}
