import { ElpisError } from "../errors.ts";
import type { Signal } from "./batch.ts";
import type { Wants } from "./reporter.ts";

const SIGNALS: readonly Signal[] = ["metrics", "spans", "errors", "events"];
const MIN_INTERVAL_MS = 100;
const DAY_MS = 86_400_000;

/** {@link Wants} with everything filled in. */
export interface Wanted extends Wants {
  readonly temporality: "cumulative" | "delta";
  readonly intervalMs: number;
  readonly maxItems: number;
  readonly maxBytes: number;
}

/** Checks what a reporter wants, and fills in what it does not say. @throws ELPIS_REPORTER_BAD_WANTS */
export function checkWants(name: string, wants: Wants | undefined): Wanted {
  const wrong = (what: string): Error => badWants(name, what);
  if (typeof wants !== "object" || wants === null) throw wrong("it has no wants");
  const { signals, temporality = "cumulative", scope, retry } = wants;
  if (!Array.isArray(signals) || signals.length === 0) throw wrong("signals is no list");
  for (const signal of signals) {
    if (!SIGNALS.includes(signal)) throw wrong(`there is no signal ${JSON.stringify(signal)}`);
  }
  if (!["cumulative", "delta"].includes(temporality)) throw wrong("temporality is none");
  if (scope !== undefined && !["process", "name", "app"].includes(scope)) {
    throw wrong("scope is none");
  }
  if (retry !== undefined && !["safe", "refused", "never"].includes(retry))
    throw wrong("retry is none");
  const { intervalMs = 60_000, maxItems = 1000, maxBytes = 1_000_000 } = wants;
  const isSpan = intervalMs >= MIN_INTERVAL_MS && intervalMs <= DAY_MS;
  if (!isSpan) throw wrong(`intervalMs is not between ${MIN_INTERVAL_MS} and ${DAY_MS}`);
  for (const [key, value] of Object.entries({ maxItems, maxBytes })) {
    if (!(Number.isSafeInteger(value) && value >= 1)) throw wrong(`${key} is no whole number`);
  }
  return { ...wants, temporality, intervalMs, maxItems, maxBytes };
}

function badWants(name: string, what: string): ElpisError {
  return new ElpisError(
    "ELPIS_REPORTER_BAD_WANTS",
    `The reporter ${name} cannot be supplied: ${what}. Whoever wrote it has to mend its \`wants\`.`,
    { details: { name, what } },
  );
}
