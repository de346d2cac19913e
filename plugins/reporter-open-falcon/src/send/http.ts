import { checkAnswer, Reject } from "@elpis/api";
import { type Send, takenOf } from "./answer.ts";

/** Sends to the agent of a machine. Its answer says only that it could read the items. */
export function toAgent(address: string): Send {
  const post = posterOf(address);
  return async (items, signal) => {
    const answer = await post(items, signal);
    // Whatever else listens there answers with a page.
    if ((await answer.text()).trimStart().startsWith("<")) {
      throw new Reject("the answer is a page, not that of an agent of Open-Falcon");
    }
    return {};
  };
}

/** Sends to a transfer, which says how many items were not valid. */
export function toTransfer(address: string): Send {
  const post = posterOf(address);
  return async (items, signal) => {
    const answer = (await (await post(items, signal)).json().catch((error) => {
      if (signal.aborted) throw error;
      return undefined;
    })) as { readonly data?: unknown } | undefined;
    return takenOf(answer?.data ?? answer, items.length);
  };
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
