import { ElpisError } from "@elpis/api";

/** There is nobody who keeps metrics in this process. */
export function notPicked(): ElpisError {
  return new ElpisError(
    "ELPIS_METRICS_NOT_PICKED",
    "Nobody keeps metrics in this process: add metrics() to the plugins of the configuration.",
  );
}

/** A metric was asked for as another kind than it is. */
export function metricConflict(
  group: string,
  name: string,
  has: string,
  wanted: string,
): ElpisError {
  return new ElpisError(
    "ELPIS_METRICS_CONFLICT",
    `"${name}" of group "${group}" is a ${has} already; it cannot also be a ${wanted}. Choose another name.`,
    { details: { group, name, has, wanted } },
  );
}

/** A text is no name of a metric, or something is no metric. */
export function badMetric(what: unknown, why: string): ElpisError {
  return new ElpisError(
    "ELPIS_METRICS_BAD_METRIC",
    `${JSON.stringify(what) ?? typeof what} cannot be used as a metric: ${why}.`,
    { details: { why } },
  );
}

/** A question for points cannot be answered. */
export function badQuery(why: string): ElpisError {
  return new ElpisError("ELPIS_METRICS_BAD_QUERY", `This is no question for points: ${why}.`, {
    details: { why },
  });
}
