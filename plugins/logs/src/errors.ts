import { ElpisError } from "@elpis/api";

/** The keeper is not there just now, or hangs. */
export function keeperGone(verb: string): ElpisError {
  return new ElpisError(
    "ELPIS_LOGS_KEEPER_GONE",
    `The process that keeps the output does not answer (${verb}); it is started anew by itself: try again in a moment.`,
    { details: { verb }, retryable: true },
  );
}

/** The package is not whole. */
export function keeperMissing(files: readonly string[]): ElpisError {
  return new ElpisError(
    "ELPIS_LOGS_KEEPER_MISSING",
    `The program that keeps the output is not at ${files.join(", nor at ")}; install @elpis/logs anew.`,
    { details: { files } },
  );
}
