import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Off } from "@elpis/api";
import { type ErrorFacts, factsOfArguments } from "./error-record.ts";

/** Loggers tell their lines here, without knowing who hears them: `{ level, message, fields? }`. */
const LOG_CHANNEL = "elpis.log";

type Take = (facts: ErrorFacts) => void;

/**
 * Calls `take` for each error of this process, and changes nothing else: errors that nobody caught end the process as
 * ever, what is printed is printed. It is called in the trace of the error, or else told its id.
 *
 * @param traceId that of the trace that is under way
 */
export function hookErrors(take: Take, traceId: () => string | undefined): Off {
  const offs = [hookUncaught(take, traceId), hookConsole(take), hookLoggers(take)];
  return () => {
    for (const off of offs) off();
  };
}

/**
 * A listener of `unhandledRejection` would keep the process alive. Node reports each rejection by emitting it, listeners or
 * not, and if nobody has heard then, by default, as an uncaught error: so it is watched where it is emitted. It is not
 * looked at before Node has: whoever reads a stack changes what Node prints of it. Its trace is under way only while it is
 * emitted.
 */
function hookUncaught(take: Take, traceId: () => string | undefined): Off {
  const counted = new WeakSet<object>();
  const isNew = (error: unknown): boolean => {
    if (typeof error !== "object" || error === null) return true;
    const isKnown = counted.has(error);
    counted.add(error);
    return !isKnown;
  };
  /** A rejection that nobody has heard, until it is known whether it becomes an uncaught error. */
  let open: { readonly error: unknown; readonly traceId: string | undefined } | undefined;
  const settle = (): void => {
    const rejection = open;
    open = undefined;
    if (rejection !== undefined && isNew(rejection.error)) {
      take({ origin: "unhandledRejection", ...rejection });
    }
  };
  const { emit } = process;
  const watching = function (this: NodeJS.Process, event: string, ...args: unknown[]): boolean {
    const heard = Reflect.apply(emit, this, [event, ...args]) as boolean;
    if (event !== "unhandledRejection") return heard;
    settle();
    open = { error: args[0], traceId: traceId() };
    if (heard) settle();
    else setImmediate(settle);
    return heard;
  } as typeof process.emit;
  const onUncaught = (error: unknown, origin: string): void => {
    const isRejection = origin === "unhandledRejection";
    // What was rejected with no error is wrapped into one by now.
    if (isRejection && open !== undefined) settle();
    else if (isNew(error))
      take({ origin: isRejection ? "unhandledRejection" : "uncaughtException", error });
  };
  process.emit = watching;
  process.on("uncaughtExceptionMonitor", onUncaught);
  return () => {
    process.off("uncaughtExceptionMonitor", onUncaught);
    // Who has wrapped it once more goes on through here.
    if (process.emit === watching) process.emit = emit;
  };
}

function hookConsole(take: Take): Off {
  const { error: print } = console;
  let isTaking = false;
  const watching = (...args: unknown[]): void => {
    // Showing an argument may print an error itself.
    if (!isTaking) {
      isTaking = true;
      try {
        take({ origin: "console", ...factsOfArguments(args) });
      } finally {
        isTaking = false;
      }
    }
    print(...args);
  };
  console.error = watching;
  return () => {
    if (console.error === watching) console.error = print;
  };
}

function hookLoggers(take: Take): Off {
  const onLine = (line: unknown): void => {
    const { level, message, fields } = (line ?? {}) as Readonly<Record<string, unknown>>;
    if (level !== "error" && level !== "fatal") return;
    const { error, err, traceId } = (fields ?? {}) as Readonly<Record<string, unknown>>;
    take({
      origin: "log",
      error: error ?? err,
      message: String(message),
      ...(typeof traceId === "string" && { traceId }),
    });
  };
  subscribe(LOG_CHANNEL, onLine);
  return () => void unsubscribe(LOG_CHANNEL, onLine);
}
