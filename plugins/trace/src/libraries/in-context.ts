import { context } from "../otel.ts";

export type Call = (this: unknown, ...args: unknown[]) => unknown;

/**
 * A function that runs in the context in which this is called. Drivers call back from where a connection belongs, and give a connection
 * that somebody gives back on to who waits: without this what comes next would be of the trace of somebody else.
 */
export function inContext(call: Call): Call {
  const own = context.active();
  return function (...args) {
    return context.with(own, call, this, ...args);
  };
}

/** Has a function give whoever it calls back the context in which it was called: the last that it is told is the callback, if one is. */
export function callingBackInContext(call: Call): Call {
  return function (...args) {
    bindLast(args);
    return call.apply(this, args);
  };
}

/** Has the callback among what a function is told, if there is one, run in the context of now. */
export function bindLast(args: unknown[]): void {
  const last = args.length - 1;
  if (typeof args[last] === "function") args[last] = inContext(args[last] as Call);
}
