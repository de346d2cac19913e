import type { CallOptions, Client, TraceQuery, TraceSummary, TraceTopics } from "@elpis/api";
import { withMaster } from "../../apps.ts";
import { noSuchTrace, usageError, whichTrace } from "../../errors.ts";
import type { CommonOptions } from "../../options.ts";

const DEFAULT_TIMEOUT_MS = 10_000;
/** What a page has at most. */
const PAGE = 1000;
const ID_DIGITS = 32;

/** A line to whoever keeps the traces of an app: its agent, or its master. */
export interface TraceLine {
  readonly client: Client<TraceTopics>;
  readonly call: CallOptions;
}

/** Traces that were found. */
export interface FoundTraces {
  /** How many match. */
  readonly total: number;
  /** Of the trace that was kept last when it was asked. */
  readonly lastSeq: number;
  /** What was kept last comes first. */
  readonly items: readonly TraceSummary[];
}

/** Talks to whoever keeps traces. @throws ELPIS_CLI_NO_PLUGIN when nobody does, and as `withMaster` */
export function withTraces<Answer>(
  app: string,
  { timeoutMs = DEFAULT_TIMEOUT_MS }: CommonOptions,
  work: (line: TraceLine) => Promise<Answer>,
): Promise<Answer> {
  return withMaster(app, timeoutMs, ({ client }) =>
    work({ client: client as unknown as Client<TraceTopics>, call: { timeoutMs } }),
  );
}

/** The newest traces that match, page by page. What is kept after the first page is of the next time. */
export async function findTraces(
  { client, call }: TraceLine,
  query: TraceQuery,
  count: number,
): Promise<FoundTraces> {
  const found = new Map<number, TraceSummary>();
  let offset = 0;
  let first: { readonly total: number; readonly lastSeq: number } | undefined;
  for (;;) {
    const limit = Math.min(Math.max(count - found.size, 1), PAGE);
    const page = await client.request("elpis.trace.list", { ...query, offset, limit }, call);
    first ??= page;
    // What is kept meanwhile moves the others on: some come twice, and none is passed over.
    for (const one of page.items) if (one.seq <= first.lastSeq) found.set(one.seq, one);
    offset += page.items.length;
    if (page.items.length === 0 || found.size >= count || offset >= page.total) break;
  }
  const items = [...found.values()].sort((a, b) => b.seq - a.seq).slice(0, count);
  return { total: first.total, lastSeq: first.lastSeq, items };
}

/**
 * The id of the trace that is meant by it, or by its beginning.
 *
 * @throws ELPIS_CLI_USAGE, ELPIS_CLI_NO_TRACE, ELPIS_CLI_WHICH_TRACE
 */
export async function traceIdOf(line: TraceLine, app: string, given: string): Promise<string> {
  // Where there is little room, ids are cut, and copied so.
  const wanted = given.toLowerCase().replace(/…$/, "");
  if (!/^[0-9a-f]{4,32}$/.test(wanted)) {
    throw usageError(`${given}: expected the id of a trace, or at least 4 digits of its beginning`);
  }
  if (wanted.length === ID_DIGITS) return wanted;
  const { items } = await findTraces(line, {}, Number.POSITIVE_INFINITY);
  const ids = items.map(({ traceId }) => traceId).filter((id) => id.startsWith(wanted));
  const [id, ...others] = new Set(ids);
  if (id === undefined) throw noSuchTrace(app, given);
  if (others.length > 0) throw whichTrace(app, given, [id, ...others]);
  return id;
}
