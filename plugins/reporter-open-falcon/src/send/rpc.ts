import { connect } from "node:net";
import { Reject } from "@elpis/api";
import { type Send, takenOf } from "./answer.ts";

const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_REASON_CHARS = 200;

/** Sends to the JSON-RPC of a transfer, over a connection for each batch: there is one a step. */
export function toRpc(address: string): Send {
  const { hostname, port } = new URL(address);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  let id = 0;
  return async (items, signal) => {
    id += 1;
    const request = JSON.stringify({ method: "Transfer.Update", params: [items], id });
    const line = await ask({ host, port: Number(port) }, request, signal);
    return takenOf(resultOf(line, id), items.length);
  };
}

/** Writes a line, and reads one. */
function ask(
  to: { readonly host: string; readonly port: number },
  request: string,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...to, signal });
    let text = "";
    socket.setEncoding("utf8");
    socket.on("connect", () => socket.write(`${request}\n`));
    socket.on("data", (chunk: string) => {
      text += chunk;
      const end = text.indexOf("\n");
      if (end < 0 && text.length <= MAX_ANSWER_BYTES) return;
      resolve(end < 0 ? text : text.slice(0, end));
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => {
      reject(Object.assign(new Error("closed without an answer"), { code: "ECONNRESET" }));
    });
  });
}

function resultOf(line: string, id: number): unknown {
  let answer: { readonly id?: unknown; readonly error?: unknown; readonly result?: unknown } | null;
  try {
    answer = JSON.parse(line) as typeof answer;
  } catch {
    throw new Reject("the answer is not JSON");
  }
  if (typeof answer !== "object" || answer === null || answer.id !== id) {
    throw new Reject("the answer is not that of a transfer of Open-Falcon");
  }
  const { error } = answer;
  if (error === null || error === undefined) return answer.result;
  const words = typeof error === "string" ? error : JSON.stringify(error);
  throw new Reject(`the transfer says: ${words.slice(0, MAX_REASON_CHARS)}`);
}
