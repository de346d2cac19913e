// Questions to an application over http, each on a connection of its own.
import { once, setMaxListeners } from "node:events";
import http from "node:http";
import net from "node:net";
import { sleep } from "./wait.mjs";

const HOST = "127.0.0.1";

/** A port that nobody listens on at the moment. */
export async function freePort() {
  const server = net.createServer().listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** The text of the answer. @throws when there is none within the time, or its status is not 200 */
export function ask(port, path = "/pid", { timeoutMs = 10_000, signal } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: HOST, port, path, agent: false, signal }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece) => {
        text += piece;
      });
      response.on("error", reject);
      response.on("end", () => {
        clearTimeout(timer);
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${path}: status ${response.statusCode}`));
      });
    });
    const timer = setTimeout(() => request.destroy(new Error(`${path}: no answer`)), timeoutMs);
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

/**
 * Asks every few milliseconds, without waiting for answers, until one comes that `accept` takes.
 * @returns when it came, by `performance.now()`, and its text; undefined when the time is up
 */
export async function firstAnswer(
  port,
  { accept = () => true, timeoutMs, everyMs = 10, path } = {},
) {
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const end = performance.now() + timeoutMs;
  let found;
  while (found === undefined && performance.now() < end) {
    ask(port, path, { timeoutMs: 5000, signal: over.signal }).then(
      (text) => {
        if (found === undefined && accept(text)) found = { at: performance.now(), text };
      },
      () => {},
    );
    await sleep(everyMs);
  }
  over.abort();
  return found;
}

/** Asks until each of `count` processes has answered `times` times, which gives all of them the same work. */
export async function askAll(port, { count, times, path = "/pid", timeoutMs = 20_000 }) {
  const answers = new Map();
  const end = performance.now() + timeoutMs;
  const enough = () => answers.size >= count && [...answers.values()].every((n) => n >= times);
  while (!enough()) {
    if (performance.now() > end)
      throw new Error(`only ${answers.size} of ${count} processes answer`);
    const texts = await Promise.all(Array.from({ length: 4 * count }, () => ask(port, path)));
    for (const text of texts) answers.set(text, (answers.get(text) ?? 0) + 1);
  }
}
