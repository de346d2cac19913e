// The line between the runner and each process it measures: calls and answers, one JSON text per line, over a socket
// of its own. It is silent while a measurement runs.
import { once } from "node:events";
import net from "node:net";
import { basename, join } from "node:path";

const CALL_TIMEOUT_MS = 20_000;

/** Where a socket called `name` lives: in `dir`, or among the pipes of Windows under a name derived from it. */
export function endpoint(dir, name) {
  return process.platform === "win32"
    ? `\\\\.\\pipe\\${basename(dir)}-${name}`
    : join(dir, `${name}.sock`);
}

/** One end of a line. `answer(name, args)` serves what the other end calls. */
export class Line {
  #socket;
  #answer;
  #waiting = new Map();
  #next = 1;
  #text = "";

  constructor(socket, answer) {
    this.#socket = socket;
    this.#answer = answer;
    socket.setEncoding("utf8");
    socket.on("data", (text) => this.#read(text));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#fail(new Error("the process went away")));
  }

  call(name, args = {}, timeoutMs = CALL_TIMEOUT_MS) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`no answer to "${name}" within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#write({ id, name, args });
    });
  }

  hangUp() {
    this.#socket.destroy();
  }

  #write(message) {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  #read(text) {
    const lines = (this.#text + text).split("\n");
    this.#text = lines.pop();
    for (const line of lines) this.#take(JSON.parse(line));
  }

  #take(message) {
    if (message.name !== undefined) {
      void this.#serve(message);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    clearTimeout(waiting.timer);
    if (message.error === undefined) waiting.resolve(message.value);
    else waiting.reject(new Error(message.error));
  }

  async #serve({ id, name, args }) {
    try {
      this.#write({ id, value: await this.#answer(name, args, this) });
    } catch (error) {
      this.#write({ id, error: String(error?.stack ?? error) });
    }
  }

  #fail(error) {
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(error);
    }
    this.#waiting.clear();
  }
}

/** Takes calls at `path`; `answer(name, args, line)` serves them all. */
export async function listen(path, answer) {
  const server = net.createServer((socket) => new Line(socket, answer));
  server.listen(path);
  await once(server, "listening");
  return server;
}

/** Calls the runner; the process ends when the runner does. */
export async function dial(path, answer) {
  const socket = net.connect(path);
  await once(socket, "connect");
  socket.on("close", () => process.exit(0));
  return new Line(socket, answer);
}
