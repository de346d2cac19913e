// The programs that make requests: processes of their own, so that no measurement waits for another.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { owned } from "./cleanup.mjs";
import { cleanEnv } from "./command.mjs";

const file = (name) => fileURLToPath(new URL(name, import.meta.url));

function begin(name, options) {
  const child = fork(file(name), [JSON.stringify(options)], { env: cleanEnv(), execArgv: [] });
  const end = owned(child.pid);
  const result = new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("exit", (code) =>
      reject(new Error(`${name} ended with ${code} before it was done`)),
    );
  });
  // Whoever awaits it sees it fail; until then it is nobody's error.
  result.catch(() => {});
  return { child, result: result.finally(end) };
}

/** Requests at a fixed rate, whether answers come or not, until `stop()`, which gives what became of them. */
export async function openLoad(options) {
  const { child, result } = begin("open-client.mjs", options);
  await once(child, "spawn");
  return {
    stop: () => {
      if (child.connected) child.send("stop");
      return result;
    },
  };
}

/** As many requests as can be answered, `connections` at a time, for `ms` after `warmMs`. */
export function closedLoad(options) {
  return begin("closed-client.mjs", options).result;
}
