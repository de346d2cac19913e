import type { CliContext } from "./context.ts";
import { interrupted } from "./errors.ts";

/** Something that may end the waiting early. */
export interface Failing {
  readonly failure: Promise<never>;
  off(): void;
}

/** Fails with ELPIS_CLI_INTERRUPTED at the first signal; `left` says what becomes of the work. */
export function failAtSignal(context: CliContext, what: string, left: string): Failing {
  let off = (): void => {};
  const failure = new Promise<never>((_, reject) => {
    off = context.onSignal((signal) => reject(interrupted(what, signal, left)));
  });
  // Whoever races against it hears of it; a signal after that race is nobody's business.
  failure.catch(() => {});
  return { failure, off };
}

/** Resolves at the first signal, or when nobody reads stdout any more. */
export function untilLeft(context: CliContext): { readonly signal: AbortSignal; off(): void } {
  const left = new AbortController();
  const off = context.onSignal(() => left.abort());
  void context.stdout.closed.then(() => left.abort());
  return { signal: left.signal, off };
}

/** Resolves after a time, or when it is left. */
export function pauseFor(pauseMs: number, left: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      left.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, left.aborted ? 0 : pauseMs);
    left.addEventListener("abort", done, { once: true });
  });
}
