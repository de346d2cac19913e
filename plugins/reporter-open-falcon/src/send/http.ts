import { setTimeout as pause } from "node:timers/promises";
import { checkAnswer, Reject, readBeginning } from "@elpis/api";
import { type Send, takenOf } from "./answer.ts";

const MAX_ANSWER_BYTES = 65_536;
/** What was taken does not wait longer for the rest of the answer. */
const REST_MS = 1000;

/** Sends to the agent of a machine. Its answer says only that it could read the items. */
export function toAgent(address: string): Send {
  const post = posterOf(address);
  return async (items, signal) => {
    const text = await restOf(await post(items, signal));
    // Whatever else listens there answers with a page.
    if (text?.trimStart().startsWith("<") === true) {
      throw new Reject("the answer is a page, not that of an agent of Open-Falcon");
    }
    return {};
  };
}

/** Sends to a transfer, which says how many items were not valid. */
export function toTransfer(address: string): Send {
  const post = posterOf(address);
  return async (items, signal) => {
    const text = await restOf(await post(items, signal));
    if (text === undefined) return {};
    const answer = parsed(text) as { readonly data?: unknown } | undefined;
    return takenOf(answer?.data ?? answer, items.length);
  };
}

/** What an answer says; undefined when that does not come. */
async function restOf(answer: Response): Promise<string | undefined> {
  const over = new AbortController();
  const late = pause(REST_MS, undefined, { signal: over.signal }).catch(() => undefined);
  try {
    const bytes = await Promise.race([readBeginning(answer, MAX_ANSWER_BYTES), late]);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString("utf8");
  } finally {
    over.abort();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Name and password of an address go into a header: `fetch` refuses them, with a message that has both. */
function posterOf(
  address: string,
): (items: readonly unknown[], signal: AbortSignal) => Promise<Response> {
  const url = new URL(address);
  const { username, password } = url;
  url.username = url.password = "";
  const login = Buffer.from(`${decode(username)}:${decode(password)}`);
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (username !== "" || password !== "")
    headers.authorization = `Basic ${login.toString("base64")}`;
  return async (items, signal) => {
    const body = JSON.stringify(items);
    const answer = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
    await checkAnswer(answer, { keepBody: true });
    return answer;
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
