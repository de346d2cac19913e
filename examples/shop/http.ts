import type { IncomingMessage, ServerResponse } from "node:http";

const MAX_BODY_BYTES = 1024;

/** An answer that is not 200. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, message: string, headers = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(`${JSON.stringify(body)}\n`);
}

/** Every error becomes JSON with a code; those of the hub say whether trying again helps. */
export function sendError(response: ServerResponse, error: unknown): void {
  const { status, code, message, headers } = describe(error);
  sendJson(response, status, { error: { code, message } }, headers);
}

function describe(error: unknown): Pick<HttpError, "status" | "code" | "message" | "headers"> {
  if (error instanceof HttpError) return error;
  const { code = "", message } = error as Error & { code?: string };
  if (code === "SHOP_UNKNOWN_SKU") return { status: 404, code, message, headers: {} };
  if (code === "ELPIS_HUB_DEADLINE") return { status: 504, code, message, headers: {} };
  if (code.startsWith("ELPIS_HUB_")) {
    return { status: 503, code, message, headers: { "retry-after": "1" } };
  }
  console.error(error);
  return { status: 500, code: "SHOP_UNEXPECTED", message: "that went wrong", headers: {} };
}

export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  return parseObject(await readText(request));
}

function readText(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      // The rest is read and thrown away: an answer to a client that still sends would not reach it.
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
      else reject(tooLarge());
    });
    request.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    request.on("error", reject);
  });
}

function tooLarge(): HttpError {
  return new HttpError(413, "SHOP_TOO_LARGE", `the body is over ${MAX_BODY_BYTES} bytes`);
}

function parseObject(text: string): Record<string, unknown> {
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Told below, with every other body that is no object.
  }
  throw new HttpError(400, "SHOP_BAD_BODY", "the body must be a JSON object");
}
