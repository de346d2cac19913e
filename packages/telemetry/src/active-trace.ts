import type { Off } from "@elpis/api";

/** The trace that is under way. */
export interface ActiveTrace {
  /** 32 hexadecimal digits with small letters. */
  readonly traceId: string;
  /** That of the span that is under way: 16 of them. */
  readonly spanId: string;
  /** Whether its spans are recorded: others cannot be looked up. */
  readonly sampled: boolean;
}

type Read = () => ActiveTrace | undefined;

interface Provider {
  readonly read: Read;
}

/** Who is asked for the trace. */
interface Tracing {
  /** Undefined as long as nobody traces, which is all that has to be looked at then. */
  read: Read | undefined;
  /** The newest, who is the one that is asked, comes last. */
  readonly providers: Provider[];
}

/** All copies of this package in one process share it, so that what one measures is of the trace that another knows of. */
const KEY = Symbol.for("elpis.telemetry.active-trace");

function sharedTracing(): Tracing {
  const holder = globalThis as { [KEY]?: Tracing };
  holder[KEY] ??= { read: undefined, providers: [] };
  return holder[KEY];
}

/** For what is measured so often that a call would be too much. */
export const tracing: Tracing = sharedTracing();

/**
 * From now on this is asked for the trace that is under way, in the whole process. Of several the newest is asked.
 *
 * @param read is called very often, and must not throw
 * @returns what ends it: then the one before it is asked again
 */
export function provideActiveTrace(read: Read): Off {
  const provider = { read };
  const { providers } = tracing;
  providers.push(provider);
  tracing.read = read;
  return () => {
    const at = providers.indexOf(provider);
    if (at === -1) return;
    providers.splice(at, 1);
    tracing.read = providers.at(-1)?.read;
  };
}

/** The trace that is under way; undefined when there is none, or nobody who knows. Never throws. */
export function activeTrace(): ActiveTrace | undefined {
  const { read } = tracing;
  if (read === undefined) return undefined;
  try {
    return read();
  } catch {
    // What is measured, or fails, must not do so differently because somebody traces it.
    return undefined;
  }
}

/**
 * Runs `work` as if a trace were under way, until it returns: for what is told later, and somewhere else, than it has
 * happened. Does nothing when nobody traces.
 *
 * @param trace undefined: as if none were
 */
export function withTrace<Result>(trace: ActiveTrace | undefined, work: () => Result): Result {
  const { read } = tracing;
  if (read === undefined) return work();
  tracing.read = () => trace;
  try {
    return work();
  } finally {
    tracing.read = read;
  }
}
