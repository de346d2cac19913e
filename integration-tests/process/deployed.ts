import http from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type AppConfig, type AppDefinition, resolveConfig } from "@elpis/process";
import { type App, freePort, get, makeApp } from "./support.ts";

/** Answers with its version and pid; `/slow` after 800 ms. Has no code for leaving. */
export const PLAIN = `
const http = require("node:http");
http.createServer((request, response) => {
  const answer = () => response.end(process.env.VERSION + " " + process.pid);
  if (request.url === "/slow") setTimeout(answer, 800);
  else if (request.url === "/fail") { response.statusCode = 500; answer(); }
  else answer();
}).listen(Number(process.env.PORT), "127.0.0.1");
`;

/** An application whose configuration changes while it runs. */
export interface Deployed extends App {
  readonly port: number;
  /** What the next `reload` and `apply` read. */
  deploy(config: AppConfig): void;
}

export async function deployed(config: (port: number) => AppConfig, files = {}): Promise<Deployed> {
  const port = await freePort();
  let next: AppDefinition | undefined;
  const app: App = makeApp({ "web.js": PLAIN, ...files }, config(port), {
    reread: async () => next as AppDefinition,
  });
  const deploy = (wanted: AppConfig): void => {
    next = resolveConfig({ name: "test", ...wanted }, { file: `${app.dir}/config`, dir: app.dir });
  };
  deploy(config(port));
  await app.master.start();
  return { ...app, port, deploy };
}

export const web = (port: number, version: string, more = {}): AppConfig => ({
  processes: {
    web: {
      entry: "./web.js",
      scale: 2,
      ready: "listen",
      env: { PORT: String(port), VERSION: version },
      ...more,
    },
  },
});

/** Asks all the time until it is told to stop, over kept-alive connections or not; gives what went wrong. */
export function keepAsking(
  port: number,
  keepAlive: boolean,
): () => Promise<{ asked: number; wrong: string[] }> {
  const agent = keepAlive ? new http.Agent({ keepAlive, maxSockets: 8 }) : false;
  const wrong: string[] = [];
  let [asked, isOver] = [0, false];
  const loops = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      asked += 1;
      await get(port, "/", { agent }).catch((error: Error) => wrong.push(String(error)));
      await nextTurn();
    }
  });
  return async () => {
    isOver = true;
    await Promise.all(loops);
    if (agent !== false) agent.destroy();
    return { asked, wrong };
  };
}

export const pidsOf = (app: App, name = "web"): number[] =>
  app.of(name).flatMap(({ pid }) => pid ?? []);
