import type { AnyInstrumentation } from "../options.ts";

type Call = (this: unknown, ...args: unknown[]) => unknown;
type Wrap = (target: object, name: string, wrapper: (original: Call) => Call) => unknown;
/** Of a call, and not of a library. */
const OF_CALLS: readonly unknown[] = ["onResult", 1, 2];

/**
 * Has an instrumentation stay out of calls of which no span would come: what it gathers for one costs several microseconds, also where
 * nobody records. Only for functions that are called often and in which nothing is set up for later calls. One that is given a
 * callback goes on as ever: its context may depend on it.
 *
 * @param names what these functions are called
 * @param isInVain whether a call that is made now belongs to no trace that is recorded
 */
export function gate(
  instrumentation: AnyInstrumentation,
  names: readonly string[],
  isInVain: () => boolean,
): void {
  const one = instrumentation as { _wrap?: Wrap };
  const { _wrap: wrap } = one;
  if (wrap === undefined) return;
  one._wrap = (target, name, wrapper) => {
    if (OF_CALLS.includes(name)) {
      // Nobody will ever want to undo it, and to be ready for that takes longer than all the rest of a span.
      const call = target as Record<string, Call>;
      const wrapped = wrapper(call[name] as Call);
      call[name] = wrapped;
      return wrapped;
    }
    if (!names.includes(name)) return wrap(target, name, wrapper);
    return wrap(target, name, (original) => gated(original, wrapper(original), isInVain));
  };
}

function gated(original: Call, traced: Call, isInVain: () => boolean): Call {
  return function (...args) {
    const isLeftOut = typeof args.at(-1) !== "function" && isInVain();
    return (isLeftOut ? original : traced).apply(this, args);
  };
}
