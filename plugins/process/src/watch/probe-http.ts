import http from "node:http";
import https from "node:https";
import type { ProbeResult } from "./probe.ts";

/** More of a body is not read. */
const MAX_BODY_BYTES = 64 * 1024;

/** Asks for a URL: a status below 400 within the time is well. Redirects are not followed. */
export function probeHttp(url: string, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const { protocol, hostname } = new URL(url);
    const options = {
      agent: false,
      headers: { "user-agent": "elpis-probe" },
      // A certificate for this machine itself is seldom signed by anybody, and nothing is told that could be overheard.
      ...(protocol === "https:" && { rejectUnauthorized: !isLoopback(hostname) }),
    };
    const request = (protocol === "https:" ? https : http).get(url, options);
    const end = (result: ProbeResult): void => {
      clearTimeout(timer);
      request.destroy();
      resolve(result);
    };
    const late = `no answer from ${url} within ${timeoutMs} ms`;
    const timer = setTimeout(() => end({ ok: false, why: late }), timeoutMs);
    request.on("error", (error) => end({ ok: false, why: describe(error) }));
    request.once("response", (response) => readBody(response, () => end(judge(url, response))));
  });
}

function judge(url: string, { statusCode = 0 }: http.IncomingMessage): ProbeResult {
  return statusCode < 400 ? { ok: true } : { ok: false, why: `${url} answered ${statusCode}` };
}

/** The server should see its answer taken; but one without an end says enough with its beginning. */
function readBody(response: http.IncomingMessage, done: () => void): void {
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) done();
  });
  for (const event of ["end", "error", "close"]) response.once(event, done);
}

/** An error of several addresses has no message of its own. */
function describe(error: Error & { readonly code?: string }): string {
  return error.message === "" ? (error.code ?? error.name) : error.message;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
