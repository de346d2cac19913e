import { ElpisError, type ReporterContext } from "@elpis/api";
import {
  DEFAULT_MIN_STEP_SECONDS,
  DEFAULT_STEP_SECONDS,
  type OpenFalconOptions,
} from "./options.ts";

/**
 * Seconds from one point of a series to the next: what is said by `stepSeconds`, or by `every` in whole seconds, as far as the server
 * takes it.
 *
 * @throws ELPIS_FALCON_STEP when both are said, and differ
 */
export function stepFor(
  { stepSeconds, minStepSeconds = DEFAULT_MIN_STEP_SECONDS }: OpenFalconOptions,
  { everyMs }: Pick<ReporterContext, "everyMs">,
): number {
  if (stepSeconds === undefined) {
    const wanted = everyMs === undefined ? DEFAULT_STEP_SECONDS : Math.ceil(everyMs / 1000);
    return Math.max(minStepSeconds, wanted);
  }
  if (everyMs !== undefined && everyMs !== stepSeconds * 1000) {
    throw new ElpisError(
      "ELPIS_FALCON_STEP",
      `stepSeconds is ${stepSeconds}, but every is ${everyMs / 1000} s. There is one point for each step: leave one of them out.`,
      { details: { stepSeconds, everyMs } },
    );
  }
  return stepSeconds;
}
