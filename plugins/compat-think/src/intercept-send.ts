import type { Off } from "@elpis/api";

/** As much of a process as it takes to send to its parent. */
export interface Sending {
  send?: NodeJS.Process["send"] | undefined;
}

type Send = (this: unknown, message: unknown, ...rest: unknown[]) => boolean;

/**
 * Looks at every message to the parent process before it leaves. Does nothing in a process without such a channel.
 *
 * @param take whether the message is taken: then it does not leave, and is reported as sent
 */
export function interceptSend(sending: Sending, take: (message: unknown) => boolean): Off {
  const original = sending.send as Send | undefined;
  if (original === undefined) return () => {};
  let isOn = true;
  const intercepting: Send = function (message, ...rest) {
    if (!isOn || !take(message)) return original.call(this, message, ...rest);
    const done = rest.at(-1);
    if (typeof done === "function") process.nextTick(done as (error: null) => void, null);
    return true;
  };
  sending.send = intercepting as NodeJS.Process["send"];
  return () => {
    // Somebody else may have put theirs in front: then this one stays, and does nothing.
    isOn = false;
    if (sending.send === (intercepting as unknown))
      sending.send = original as NodeJS.Process["send"];
  };
}
