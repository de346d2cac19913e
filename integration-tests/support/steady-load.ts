import { ask } from "./http.ts";

/** Requests at a steady rate, each over a connection of its own. */
export interface SteadyLoad {
  /** How many were answered between two times, in milliseconds since 1970. */
  answered(from?: number, to?: number): number;
  /** The `share` quantile of how long answers took, in milliseconds. */
  quantile(share: number): number;
  /** How many were not answered. */
  readonly failed: number;
  /** Asks nothing more; resolves when all that was asked is over. */
  end(): Promise<void>;
}

/** Begins to ask an address so many times a second, whatever becomes of those before. */
export function steadyLoad(url: string, perSecond: number): SteadyLoad {
  const answers: { readonly at: number; readonly tookMs: number }[] = [];
  const open = new Set<Promise<void>>();
  let failed = 0;
  let due = 0;
  const began = performance.now();
  const one = async (): Promise<void> => {
    const asked = performance.now();
    const answer = await ask(url).catch(() => undefined);
    if (answer?.status !== 200) failed += 1;
    else answers.push({ at: Date.now(), tookMs: performance.now() - asked });
  };
  const timer = setInterval(() => {
    const wanted = ((performance.now() - began) / 1000) * perSecond;
    for (; due < wanted; due += 1) {
      const asked = one().finally(() => open.delete(asked));
      open.add(asked);
    }
  }, 5);
  return {
    answered: (from = 0, to = Number.POSITIVE_INFINITY) =>
      answers.filter(({ at }) => at > from && at <= to).length,
    quantile(share) {
      const sorted = answers.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
      return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
    },
    get failed() {
      return failed;
    },
    async end() {
      clearInterval(timer);
      await Promise.all(open);
    },
  };
}
