import type { AnyInstrumentation } from "../options.ts";
import { bindLast, type Call, callingBackInContext, inContext } from "./in-context.ts";

type Wrap = (target: object, name: string, wrapper: (original: Call) => Call) => unknown;
/** Of a call, and not of a library. */
const OF_CALLS: readonly unknown[] = ["onResult", 1, 2];

/** Which functions of a library it is about; all of them are named as the library names them. */
export interface Gated {
  /**
   * Those that the instrumentation stays out of where no span would come of a call. Only for functions that are called often and in which
   * nothing is set up for later calls.
   */
  readonly quiet: readonly string[];
  /** Those that call back from somewhere else, whether they are followed or not. */
  readonly callingBack: readonly string[];
}

/**
 * Has an instrumentation stay out of calls of which no span would come: what it gathers for one costs several microseconds, also where
 * nobody records. And has who is called back be where it was before.
 *
 * @param isInVain whether a call that is made now belongs to no trace that is recorded
 */
export function gate(
  instrumentation: AnyInstrumentation,
  { quiet, callingBack }: Gated,
  isInVain: () => boolean,
): void {
  const one = instrumentation as { _wrap?: Wrap };
  const { _wrap: wrap } = one;
  if (wrap === undefined) return;
  one._wrap = (target, name, wrapper) => {
    if (OF_CALLS.includes(name)) {
      // Nobody will ever want to undo it, and to be ready for that takes longer than all the rest of a span.
      const call = target as Record<string, Call>;
      const wrapped = inContext(wrapper(call[name] as Call));
      call[name] = wrapped;
      return wrapped;
    }
    if (quiet.includes(name)) {
      return wrap(target, name, (original) => gated(original, wrapper(original), isInVain));
    }
    if (!callingBack.includes(name)) return wrap(target, name, wrapper);
    return wrap(target, name, (original) => callingBackInContext(wrapper(original)));
  };
}

function gated(original: Call, traced: Call, isInVain: () => boolean): Call {
  return function (...args) {
    if (!isInVain()) return traced.apply(this, args);
    bindLast(args);
    const [query] = args as [{ onResult?: Call } | undefined];
    // The callback of a query of `mysql2` that comes from a pool.
    if (typeof query?.onResult === "function") query.onResult = inContext(query.onResult);
    return original.apply(this, args);
  };
}
