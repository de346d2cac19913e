import { readDuration } from "../../duration.ts";
import { usageError } from "../../errors.ts";
import type { ReloadOptions } from "../../options.ts";
import type { CanaryOptions } from "../../preset.ts";

/** The trial that the options of a command line mean; undefined for none. @throws ELPIS_CLI_USAGE */
export async function readCanary(options: ReloadOptions): Promise<CanaryOptions | undefined> {
  const { canary: count, for: span, maxErrors } = options;
  if (count === undefined) {
    if (span === undefined && maxErrors === undefined) return undefined;
    throw usageError("--for and --max-errors go with --canary, as in: --canary 1 --for 30s");
  }
  return {
    count,
    ...(span !== undefined && { forMs: readDuration("--for", span) }),
    ...(maxErrors !== undefined && { maxErrors: readShare(maxErrors) }),
  };
}

/** A share such as `1%`, `0.5 %` or `0.01`. @throws ELPIS_CLI_USAGE */
export function readShare(text: string): number {
  const found = /^(\d+(?:\.\d+)?) ?(%?)$/.exec(text.trim());
  const share = found === null ? Number.NaN : Number(found[1]) / (found[2] === "%" ? 100 : 1);
  if (!(share >= 0 && share <= 1)) {
    throw usageError(`--max-errors ${text}: expected a share such as 1% or 0.01`);
  }
  return share;
}
