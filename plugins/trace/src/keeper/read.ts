import type { TraceDetails, TracePage, TraceSummary } from "@elpis/api";
import { TraceId } from "../wire/ids.ts";
import { pageOf, treeThatFits } from "./answers.ts";
import type { Cache } from "./cache.ts";
import { matcher } from "./match.ts";
import { checkGet, checkQuery } from "./query.ts";
import { treeOf } from "./tree.ts";

/** A page of the traces that are asked for. @throws ELPIS_TRACE_BAD_QUERY */
export function listTraces(
  cache: Cache,
  value: unknown,
  seqs: Pick<TracePage, "firstSeq" | "lastSeq">,
): TracePage {
  const query = checkQuery(value);
  const { order = "desc", offset = 0, limit = 100 } = query;
  const isWanted = matcher(query);
  const found: TraceSummary[] = [];
  for (const kept of cache.all()) {
    const summary = cache.summary(kept);
    if (isWanted(summary, kept.trace)) found.push(summary);
  }
  if (order === "desc") found.reverse();
  return pageOf(found, { offset, limit, ...seqs });
}

/** The trace that is asked for; null when it is not there. @throws ELPIS_TRACE_BAD_QUERY */
export function findTrace(cache: Cache, value: unknown): TraceDetails | null {
  const kept = cache.get(TraceId.of(checkGet(value)));
  if (kept === undefined) return null;
  const { tree, omitted } = treeThatFits(treeOf(kept.trace));
  return { ...cache.summary(kept), tree, omitted: kept.trace.omitted + omitted };
}
