import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import { createMaster, loadConfig, type Master } from "@elpis/process";
import { onTestFinished } from "vitest";
import { makeDir, SILENT, waitFor } from "../process/support.ts";

/** Does what it is told over the hub. */
export const WEB = `
import http from "node:http";
import { hub } from "@elpis/core/process";
hub.handle("web." + process.env.ELPIS_PROCESS_INDEX, (what) => {
  if (what === "log") console.error("it broke:", new RangeError("too far"));
  if (what === "info") console.log("all is well");
  if (what === "throw") setTimeout(() => { throw new TypeError("nobody caught it"); });
  if (what === "reject") setTimeout(() => void Promise.reject(new Error("nobody awaited it")));
  if (what === "block") setTimeout(() => { const end = Date.now() + 4000; while (Date.now() < end); });
  return process.pid;
});
http.createServer((_, response) => response.end(String(process.pid))).listen(0, "127.0.0.1");
`;

/** An application with an admin server. */
export interface AdminApp {
  readonly master: Master;
  readonly dir: string;
  /** Private folder of what runs. */
  readonly run: string;
  readonly url: string;
  readonly port: number;
  readonly token: string;
  readonly lines: string[];
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Tells web.0 what to do. */
  tell(what: string, index?: number): Promise<unknown>;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  readonly body: {
    readonly data: never;
    readonly success: boolean;
    readonly message: string;
    readonly code?: string;
    readonly timestamp: number;
    readonly absent?: readonly string[];
  };
}

/** Starts one; `plugins` is what stands in the array of the configuration. */
export async function adminApp(
  plugins = "admin()",
  files: Readonly<Record<string, string>> = {},
  more = "",
  head = "",
): Promise<AdminApp> {
  const dir = makeDir({
    "elpis.config.mjs": `
      import { admin } from "@elpis/admin";
      import { health } from "@elpis/health";
      ${head}
      export default {
        name: "shop",
        processes: { web: { entry: "./web.mjs", scale: 2, ready: "listen", env: { DB_PASSWORD: "hunter2" },
          args: ["--api-token", "hunter2", "--url=postgres://me:hunter2@db/shop"], ${more} } },
        plugins: [${plugins}],
      };`,
    "web.mjs": WEB,
    ...files,
  });
  const run = `${dir}/run`;
  const lines: string[] = [];
  const master = createMaster({
    config: await loadConfig({ path: dir }),
    dir: run,
    log: SILENT,
    output: ({ process, text }) => void lines.push(`${process}: ${text}`),
  });
  onTestFinished(() => master.stop({ now: true }));
  await master.start();
  const { url = "http://127.0.0.1:1" } = JSON.parse(readFileSync(`${run}/admin.json`, "utf8"));
  const tokenFile = `${run}/admin.token`;
  const token = existsSync(tokenFile) ? readFileSync(tokenFile, "utf8").trim() : "";
  const port = Number(new URL(url).port);
  const ask = (method: string, path: string, body: unknown, headers = {}): Promise<Answer> =>
    request({ method, path, port, headers }, body);
  return {
    ...{ master, dir, run, url, port, token, lines },
    get: (path, headers) => ask("GET", path, undefined, headers),
    post: (path, body, headers = { authorization: `Bearer ${token}` }) =>
      ask("POST", path, body, {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      }),
    tell: (what, index = 0) =>
      waitFor("it to be told", () =>
        master.hub.client.request(`web.${index}`, what).catch(() => false),
      ),
  };
}

/** One request over a connection of its own. */
export function request(
  options: http.RequestOptions & { readonly port?: number },
  body?: unknown,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = http.request({ host: "127.0.0.1", agent: false, ...options }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("error", reject);
      answer.on("end", () => {
        const isJson = /json/.test(answer.headers["content-type"] ?? "");
        const { statusCode: status = 0, headers } = answer;
        resolve({ status, headers, text, body: isJson ? JSON.parse(text) : {} });
      });
    });
    asked.on("error", reject);
    asked.setTimeout(20_000, () => asked.destroy(new Error(`${options.path} took too long`)));
    asked.end(typeof body === "string" || body === undefined ? body : JSON.stringify(body));
  });
}
