import type { Selector } from "@elpis/api";
import { notWell } from "../errors.ts";
import type { Address, CheckFunction } from "../types.ts";
import { withSocket } from "./address.ts";

/** Connects, and no more. */
export function tcpCheck(address: Address): CheckFunction {
  return ({ signal }) => withSocket(address, signal, () => undefined);
}

/** Asks for a page; what it says is not read. */
export function httpCheck(url: string): CheckFunction {
  return async ({ signal }) => {
    const answer = await fetch(url, { signal, redirect: "manual" });
    await answer.body?.cancel();
    if (answer.status >= 400)
      throw notWell(`it answers ${answer.status}`, { status: answer.status });
    return { status: answer.status };
  };
}

/** Asks somebody on the hub. */
export function hubCheck(topic: string, input: unknown, to: Selector | undefined): CheckFunction {
  return async ({ hub, signal }) => {
    const options = { signal, ...(to !== undefined && { to }) };
    const answer: unknown = await hub.request(topic, input, options);
    if (answer === false) throw notWell("it says that it is not well");
  };
}
