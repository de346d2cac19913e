import { ElpisError } from "@elpis/api";

/** A question for traces cannot be answered. */
export function badQuery(why: string): ElpisError {
  return new ElpisError("ELPIS_TRACE_BAD_QUERY", `This is no question for traces: ${why}.`, {
    details: { why },
  });
}

/** What was handed over as spans is something else; nothing of it was taken. */
export function badBatch(why: string): ElpisError {
  return new ElpisError(
    "ELPIS_TRACE_BAD_BATCH",
    `These are no spans of a process: ${why}. Run the same version of @elpis/trace in all processes.`,
    { details: { why } },
  );
}
