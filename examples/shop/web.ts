import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { HttpError, readJson, sendError, sendJson } from "./http.ts";
import { hub, newStats } from "./topics.ts";

const host = process.env.HOST ?? "127.0.0.1";
const port = Number(process.env.PORT ?? 3000);

const { index, epoch, name } = hub.location;
const stats = newStats();

hub.handle("shop.stats", () => stats);

hub.on("price.changed", ({ sku, price }) => {
  stats.pricesHeard += 1;
  stats.lastPrices[sku] = price;
});

hub.on("shop.warm", ({ sku }) => {
  stats.warmed += 1;
  console.log(`warmed ${sku}`);
});

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What the route's pattern caught. */
  readonly part: string;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  run(call: Call): void | Promise<void>;
}

const routes: readonly Route[] = [
  { method: "GET", path: /^\/$/, run: home },
  { method: "GET", path: /^\/price\/([^/]+)$/, run: getPrice },
  { method: "POST", path: /^\/price\/([^/]+)$/, run: setPrice },
  { method: "GET", path: /^\/stats$/, run: getStats },
  { method: "POST", path: /^\/warm$/, run: warm },
  { method: "GET", path: /^\/crash$/, run: crash },
];

const server = createServer((request, response) => {
  stats.requests += 1;
  answer(request, response).catch((error: unknown) => sendError(response, error));
});

server.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EADDRINUSE") throw error;
  console.error(`port ${port} is taken; try another one: PORT=3001 elpis run`);
  process.exit(1);
});

server.listen(port, host, () => {
  // Every web process listens on the same port; one line about it is enough, also after a restart.
  if (index === 0 && epoch === 1) console.log(`the shop is open: ${url()}\n\n${menu()}`);
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const fitting = routes.filter((route) => route.path.test(path));
  if (fitting.length === 0) throw new HttpError(404, "SHOP_NO_ROUTE", `there is no ${path}`);
  const route = fitting.find((one) => one.method === request.method);
  if (route === undefined) {
    const allow = fitting.map((one) => one.method).join(", ");
    throw new HttpError(405, "SHOP_BAD_METHOD", `${path} takes ${allow}`, { allow });
  }
  await route.run({ request, response, part: decode(route.path.exec(path)?.[1] ?? "") });
}

async function getPrice({ response, part }: Call): Promise<void> {
  const sku = checkSku(part);
  const price = await hub.request("price.of", { sku }, { to: { role: "agent" }, timeoutMs: 1000 });
  stats.views[sku] = (stats.views[sku] ?? 0) + 1;
  sendJson(response, 200, { sku, price, pid: process.pid });
}

async function setPrice({ request, response, part }: Call): Promise<void> {
  const sku = checkSku(part);
  const { price } = await readJson(request);
  if (typeof price !== "number" || price < 0) {
    throw new HttpError(400, "SHOP_BAD_PRICE", "price must be a number from 0");
  }
  await hub.request("price.set", { sku, price }, { to: { role: "agent" }, timeoutMs: 1000 });
  sendJson(response, 200, { sku, price, pid: process.pid });
}

async function getStats({ response }: Call): Promise<void> {
  const answers = await hub.map("shop.stats", {}, { to: { role: "worker" }, timeoutMs: 1000 });
  const workers = answers.map((one) =>
    one.ok
      ? one.value
      : { name: one.from.name, index: one.from.index, pid: one.from.pid, error: one.error.code },
  );
  workers.sort((a, b) => `${a.name}.${a.index}`.localeCompare(`${b.name}.${b.index}`));
  sendJson(response, 200, { partial: answers.partial, workers });
}

async function warm({ request, response }: Call): Promise<void> {
  const { sku: wished = "tea" } = await readJson(request);
  const sku = checkSku(wished);
  await hub.consume("shop.warm", { sku }, { timeoutMs: 2000 });
  sendJson(response, 200, { warmed: sku });
}

function crash({ response }: Call): void {
  // Only when the answer is on its way, so that whoever asked sees whom they shot.
  response.once("finish", () => setImmediate(() => process.exit(1)));
  sendJson(response, 200, { crashing: process.pid }, { connection: "close" });
}

function home({ response }: Call): void {
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
  response.end(
    `A shop of four processes; this is ${name}.${index} (pid ${process.pid}).\n\n${menu()}`,
  );
}

function menu(): string {
  const at = url();
  return `curl ${at}/price/tea                              a web process asks the agent
curl ${at}/price/gin                              404: the agent does not know it
curl -X POST ${at}/price/tea -d '{"price":42}'    the agent tells all web processes
curl ${at}/stats                                  every worker answers
curl -X POST ${at}/warm -d '{"sku":"tea"}'        exactly one worker does it
curl ${at}/crash                                  this process dies and is replaced
`;
}

function checkSku(sku: unknown): string {
  if (typeof sku === "string" && /^[a-z0-9][a-z0-9-]{0,39}$/.test(sku)) return sku;
  throw new HttpError(400, "SHOP_BAD_SKU", "an article is named by small letters, digits and -");
}

function url(): string {
  const { address, port: bound, family } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${bound}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpError(400, "SHOP_BAD_PATH", "the path has a broken % escape");
  }
}
